/* JSON in, JSON out, in memory of its own. */
#ifndef UNIT_WIRE_JSON_TEXT_H
#define UNIT_WIRE_JSON_TEXT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/err.h"
#include "wire/open.h"

/* Starts and ends the memory that the others use; for TestSuite. */
void json_text_start(void);
void json_text_finish(void);

extern struct arena json_text_arena;
extern struct fault json_text_fault;

/* Opens the text, which must be good, and seals what came out; the JSON as a string. */
const char *json_text_again(const ProtobufCMessageDescriptor *type, const char *text);

/* Opens the text, which must be good. */
struct wire_bytes json_text_open(const ProtobufCMessageDescriptor *type, const char *text, bool ignores_unknown);

/* Seals the bytes, which must be good; the JSON as a string. */
const char *json_text_seal(const ProtobufCMessageDescriptor *type, struct wire_bytes packed, bool shows_defaults);

/* Opens the text, which must be refused with that code, reason and part of the fault's text. */
void json_text_expect_refusal(const ProtobufCMessageDescriptor *type, const char *text, enum err code,
                              const char *reason, const char *part);

#endif
