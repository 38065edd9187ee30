/* Reads the wire format of Protocol Buffers field by field, without taking memory and without trusting a byte. */
#ifndef WIRE_READER_H
#define WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/open.h"

enum reader_type {
	READER_VARINT = 0,
	READER_FIXED64 = 1,
	READER_BYTES = 2,
	READER_FIXED32 = 5,
};

/* What is still to be read lies between the two. */
struct reader {
	const uint8_t *at;
	const uint8_t *end;
};

struct reader_field {
	uint32_t number; /* 1 to 2^29 - 1 */
	enum reader_type type;
	uint64_t value;          /* of a varint */
	struct wire_bytes bytes; /* of READER_BYTES; never beyond the end */
};

/* How values of the type are written, one by one. */
enum reader_type reader_type_of(ProtobufCType type);

/* Reads a varint of at most 10 bytes; what lies above 64 bits is dropped. False: there is none, the reader is as it
 * was. */
bool reader_varint(struct reader *reader, uint64_t *ret_value);

/* Reads the next field; there must be something left. NULL: ret_field is set. Otherwise what is wrong with it, for
 * people, "a length goes beyond the end". Groups are wrong; so are tags and lengths of more than 5 bytes, which
 * protobuf-c does not read. */
const char *reader_next(struct reader *reader, struct reader_field *ret_field);

#endif
