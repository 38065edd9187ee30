/* Tags, varints and lengths. */
#include "wire/writer.h"

#include <endian.h>
#include <string.h>

enum { TYPE_VARINT = 0, TYPE_FIXED64 = 1, TYPE_BYTES = 2 };

size_t writer_varint_bytes(uint64_t value)
{
	size_t bytes = 1;
	for (; value >= 0x80; value >>= 7)
		bytes++;
	return bytes;
}

size_t writer_number_bytes(int64_t value)
{
	return value == 0 ? 0 : 1 + writer_varint_bytes((uint64_t)value);
}

size_t writer_bytes_bytes(size_t length)
{
	return length == 0 ? 0 : 1 + writer_varint_bytes(length) + length;
}

static uint8_t *put_varint(uint8_t *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*out++ = (uint8_t)(value | 0x80);
	*out++ = (uint8_t)value;
	return out;
}

uint8_t *writer_put_number(uint8_t *out, int field, int64_t value)
{
	if (value == 0)
		return out;
	out = put_varint(out, (uint64_t)(field << 3 | TYPE_VARINT));
	return put_varint(out, (uint64_t)value);
}

uint8_t *writer_put_head(uint8_t *out, int field, size_t length)
{
	out = put_varint(out, (uint64_t)(field << 3 | TYPE_BYTES));
	return put_varint(out, length);
}

uint8_t *writer_put_bytes(uint8_t *out, int field, const void *bytes, size_t length)
{
	if (length == 0)
		return out;
	out = writer_put_head(out, field, length);
	memcpy(out, bytes, length);
	return out + length;
}

uint8_t *writer_put_string(uint8_t *out, int field, const char *string)
{
	return string == NULL ? out : writer_put_bytes(out, field, string, strlen(string));
}

uint8_t *writer_put_double(uint8_t *out, int field, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	if (bits == 0)
		return out;
	out = put_varint(out, (uint64_t)(field << 3 | TYPE_FIXED64));
	bits = htole64(bits);
	memcpy(out, &bits, sizeof bits);
	return out + sizeof bits;
}
