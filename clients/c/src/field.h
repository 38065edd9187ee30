/* Fields of the wire format around messages that are packed already; their numbers come from the schema. */
#ifndef PRG_SRC_FIELD_H
#define PRG_SRC_FIELD_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

enum { FIELD_HEAD_BYTES_MAX = 15 };

/* The number of a field of the message; 0: it has none of that name. */
unsigned field_number(const ProtobufCMessageDescriptor *message, const char *name);

/* How many bytes stand before `length` bytes of a field, and writes them: returns where those begin. */
size_t field_head_bytes(unsigned number, size_t length);
uint8_t *field_put_head(uint8_t *place, unsigned number, size_t length);

#endif
