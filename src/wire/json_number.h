/* Numbers in JSON: text to exact integers and doubles, and back. */
#ifndef WIRE_JSON_NUMBER_H
#define WIRE_JSON_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct json_integer {
	uint64_t magnitude;
	bool is_negative; /* never of 0 */
};

/* The value of a number in JSON's grammar if it is whole, however it is written ("1e2", "1.0"), and its magnitude fits.
 */
bool json_read_integer(const char *text, size_t length, struct json_integer *ret_integer);

/* The double nearest to a number in JSON's grammar. False: it is too large for a double, or longer than 1000 bytes. */
bool json_read_double(const char *text, size_t length, double *ret_value);

void json_put_unsigned(struct buffer *out, uint64_t value);
void json_put_signed(struct buffer *out, int64_t value);

/* Appends a number that reads back as the same double, in at most 15 digits where so many do; "NaN", "Infinity" and
 * "-Infinity" stand for what is no number. */
void json_put_double(struct buffer *out, double value);

/* The same for a float. */
void json_put_float(struct buffer *out, float value);

#endif
