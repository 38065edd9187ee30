/* Little-endian whatever the machine. */
#include "job/bytes.h"

#include <endian.h>
#include <math.h>
#include <string.h>

uint8_t *bytes_put_u8(uint8_t *out, unsigned value)
{
	*out = (uint8_t)value;
	return out + 1;
}

uint8_t *bytes_put_u32(uint8_t *out, uint32_t value)
{
	value = htole32(value);
	memcpy(out, &value, sizeof value);
	return out + sizeof value;
}

uint8_t *bytes_put_u64(uint8_t *out, uint64_t value)
{
	value = htole64(value);
	memcpy(out, &value, sizeof value);
	return out + sizeof value;
}

uint8_t *bytes_put_float(uint8_t *out, float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bytes_put_u32(out, bits);
}

uint8_t *bytes_put_double(uint8_t *out, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bytes_put_u64(out, bits);
}

static uint64_t get(struct bytes_in *in, size_t length)
{
	uint64_t value = 0;
	if (in->is_bad || (size_t)(in->end - in->at) < length) {
		in->is_bad = true;
		return 0;
	}
	for (size_t i = 0; i < length; i++)
		value |= (uint64_t)in->at[i] << (8 * i);
	in->at += length;
	return value;
}

uint8_t bytes_get_u8(struct bytes_in *in)
{
	return (uint8_t)get(in, 1);
}

uint32_t bytes_get_u32(struct bytes_in *in)
{
	return (uint32_t)get(in, sizeof(uint32_t));
}

uint64_t bytes_get_u64(struct bytes_in *in)
{
	return get(in, sizeof(uint64_t));
}

float bytes_get_float(struct bytes_in *in)
{
	float value;
	uint32_t bits = bytes_get_u32(in);
	memcpy(&value, &bits, sizeof value);
	in->is_bad = in->is_bad || !isfinite(value);
	return in->is_bad ? 0 : value;
}

double bytes_get_double(struct bytes_in *in)
{
	double value;
	uint64_t bits = bytes_get_u64(in);
	memcpy(&value, &bits, sizeof value);
	in->is_bad = in->is_bad || !isfinite(value);
	return in->is_bad ? 0 : value;
}
