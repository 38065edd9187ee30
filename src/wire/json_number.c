/* Decides how numbers are written, and which texts are whole numbers. */
#include "wire/json_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES_MAX = 1000, EXPONENT_MAX = 100000000 };

static bool add(uint64_t *value, uint64_t more)
{
	return !__builtin_add_overflow(*value, more, value);
}

static bool times_ten_to(uint64_t *value, long power)
{
	for (; power > 0 && *value != 0; power--)
		if (__builtin_mul_overflow(*value, (uint64_t)10, value))
			return false;
	return true;
}

/* The exponent behind the digits; numbers that are larger than any that matters are as good as the largest. */
static long read_exponent(const char *at, const char *end)
{
	if (at == end)
		return 0;
	at++;
	bool is_negative = *at == '-';
	if (*at == '-' || *at == '+')
		at++;
	long exponent = 0;
	for (; at < end; at++)
		if (exponent < EXPONENT_MAX)
			exponent = exponent * 10 + (*at - '0');
	return is_negative ? -exponent : exponent;
}

bool json_read_integer(const char *text, size_t length, struct json_integer *ret_integer)
{
	const char *at = text, *end = text + length;
	bool is_negative = *at == '-', is_fraction = false;
	uint64_t magnitude = 0;
	long pending = 0, decimals = 0; /* pending: places that magnitude does not have yet, because only zeros came */
	for (at += is_negative; at < end && *at != 'e' && *at != 'E'; at++) {
		if (*at == '.') {
			is_fraction = true;
			continue;
		}
		decimals += is_fraction;
		pending++;
		if (*at == '0')
			continue;
		if (!times_ten_to(&magnitude, pending) || !add(&magnitude, (uint64_t)(*at - '0')))
			return false;
		pending = 0;
	}
	long power = read_exponent(at, end) - decimals + pending;
	if (magnitude != 0 && (power < 0 || !times_ten_to(&magnitude, power)))
		return false;
	*ret_integer = (struct json_integer){magnitude, is_negative && magnitude != 0};
	return true;
}

bool json_read_double(const char *text, size_t length, double *ret_value)
{
	char copy[NUMBER_BYTES_MAX + 1];
	if (length > NUMBER_BYTES_MAX)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	double value = strtod(copy, NULL);
	if (!isfinite(value))
		return false;
	*ret_value = value;
	return true;
}

/* Writes the digits before `end` and returns where they begin. */
static char *write_digits(char *end, uint64_t value)
{
	do
		*--end = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	return end;
}

void json_put_unsigned(struct buffer *out, uint64_t value)
{
	char digits[20];
	const char *start = write_digits(digits + sizeof digits, value);
	buffer_put(out, start, (size_t)(digits + sizeof digits - start));
}

void json_put_signed(struct buffer *out, int64_t value)
{
	if (value < 0)
		buffer_put_char(out, '-');
	json_put_unsigned(out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void put_decimal(struct buffer *out, uint64_t mantissa, size_t decimals, bool is_negative)
{
	char digits[48];
	char *end = digits + sizeof digits;
	char *start = write_digits(end, mantissa);
	while ((size_t)(end - start) <= decimals)
		*--start = '0';
	if (is_negative)
		buffer_put_char(out, '-');
	buffer_put(out, start, (size_t)(end - start) - decimals);
	if (decimals > 0) {
		buffer_put_char(out, '.');
		buffer_put(out, end - decimals, decimals);
	}
}

/* Whether the value has at most 15 digits, and writes it if so. A whole mantissa below 10^15 and a power of ten up to
 * 22 are exact as doubles, so their quotient is the double nearest to the decimal: it reads back as the same. */
static bool put_short_decimal(struct buffer *out, double value)
{
	static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
	                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	double size = fabs(value);
	for (size_t decimals = 0; decimals < sizeof powers / sizeof *powers; decimals++) {
		double scaled = size * powers[decimals];
		if (scaled >= 1e15)
			return false;
		uint64_t mantissa = (uint64_t)(scaled + 0.5);
		if ((double)mantissa / powers[decimals] == size) {
			put_decimal(out, mantissa, decimals, signbit(value));
			return true;
		}
	}
	return false;
}

static bool put_special(struct buffer *out, double value)
{
	if (isfinite(value))
		return false;
	buffer_put_string(out, isnan(value) ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
	return true;
}

void json_put_double(struct buffer *out, double value)
{
	char text[40];
	if (put_special(out, value) || put_short_decimal(out, value))
		return;
	bool may_be_short = fabs(value) >= 1e15 || fabs(value) < 1e-7;
	snprintf(text, sizeof text, "%.*g", may_be_short ? 15 : 17, value);
	if (may_be_short && strtod(text, NULL) != value)
		snprintf(text, sizeof text, "%.17g", value);
	buffer_put_string(out, text);
}

void json_put_float(struct buffer *out, float value)
{
	char text[40];
	if (put_special(out, (double)value))
		return;
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, (double)value);
		if (strtof(text, NULL) == value)
			break;
	}
	buffer_put_string(out, text);
}
