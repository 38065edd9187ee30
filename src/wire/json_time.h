/* google.protobuf.Timestamp and Duration as JSON has them: "2024-05-01T12:00:00.500Z", "1.500s". */
#ifndef WIRE_JSON_TIME_H
#define WIRE_JSON_TIME_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* A point in time since 1970-01-01T00:00:00Z, nanos 0 to 999,999,999, or a length of time, both of one sign. */
struct json_time {
	int64_t seconds;
	int32_t nanos;
};

bool json_is_timestamp(const ProtobufCMessageDescriptor *type);
bool json_is_duration(const ProtobufCMessageDescriptor *type);

/* What is allowed, for people. */
#define JSON_TIMESTAMP_RULE                                                                                            \
	"must be a time as \"2024-05-01T12:00:00.5Z\" or \"2024-05-01T14:00:00+02:00\", of the years 1 to 9999"
#define JSON_DURATION_RULE "must be a duration in seconds as \"1.5s\", at most 315576000000 either way"

/* Reads RFC 3339, with any offset and up to nine decimals. False: it breaks JSON_TIMESTAMP_RULE. */
bool json_read_timestamp(const char *text, size_t length, struct json_time *ret_time);

/* False: it breaks JSON_DURATION_RULE. */
bool json_read_duration(const char *text, size_t length, struct json_time *ret_duration);

/* Append the text with its quotes and 0, 3, 6 or 9 decimals. False: it is out of range, nothing is appended. */
bool json_put_timestamp(struct buffer *out, struct json_time time);
bool json_put_duration(struct buffer *out, struct json_time duration);

#endif
