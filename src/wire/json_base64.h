/* Bytes as JSON has them (RFC 4648). */
#ifndef WIRE_JSON_BASE64_H
#define WIRE_JSON_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Appends the bytes that the text stands for, in the usual or the URL-safe alphabet, with or without padding. False: it
 * is no base64; part of it may have been appended. */
bool json_read_base64(struct buffer *out, const char *text, size_t length);

/* Appends the bytes in the usual alphabet with padding, without quotes. */
void json_put_base64(struct buffer *out, const uint8_t *bytes, size_t length);

#endif
