/* Numbers as little-endian bytes, one after the other, for what a store keeps. */
#ifndef JOB_BYTES_H
#define JOB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each writes at `out` and returns where the next one goes. */
uint8_t *bytes_put_u8(uint8_t *out, unsigned value);
uint8_t *bytes_put_u32(uint8_t *out, uint32_t value);
uint8_t *bytes_put_u64(uint8_t *out, uint64_t value);
uint8_t *bytes_put_float(uint8_t *out, float value);
uint8_t *bytes_put_double(uint8_t *out, double value);

/* What is left to be read. */
struct bytes_in {
	const uint8_t *at;
	const uint8_t *end;
	bool is_bad; /* something was missing, or no number; all reads give 0 from then on */
};

uint8_t bytes_get_u8(struct bytes_in *in);
uint32_t bytes_get_u32(struct bytes_in *in);
uint64_t bytes_get_u64(struct bytes_in *in);

/* Numbers that are not finite are bad. */
float bytes_get_float(struct bytes_in *in);
double bytes_get_double(struct bytes_in *in);

#endif
