/*
 * Writes fields of the wire format, for messages that are put together from parts that are serialized already. Fields
 * have numbers below 16, so that each tag is one byte; zero and empty ones are left out, as proto3 does.
 */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes a varint, a field with a number, or one with bytes takes; of fields with numbers below 16. */
size_t writer_varint_bytes(uint64_t value);
size_t writer_number_bytes(int64_t value);
size_t writer_bytes_bytes(size_t length);

/* Writes and returns where the next field goes. */
uint8_t *writer_put_number(uint8_t *out, int field, int64_t value);
uint8_t *writer_put_bytes(uint8_t *out, int field, const void *bytes, size_t length);
uint8_t *writer_put_string(uint8_t *out, int field, const char *string);
uint8_t *writer_put_double(uint8_t *out, int field, double value);

/* The tag and length of a field with bytes, which may be none; the bytes follow. */
uint8_t *writer_put_head(uint8_t *out, int field, size_t length);

#endif
