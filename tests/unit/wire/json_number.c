/* Numbers at their edges, and that doubles come back as they were. */
#include "wire/json_number.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/random.h"

Test(json_read_integer, is_exact_however_the_number_is_written)
{
	static const struct {
		const char *text;
		uint64_t magnitude;
		bool is_negative;
	} cases[] = {
	    {"0", 0, false},
	    {"-0", 0, false},
	    {"-0.000e5", 0, false},
	    {"1e0", 1, false},
	    {"100e-2", 1, false},
	    {"-12.50e+1", 125, true},
	    {"0.00000000000000000000000000000000001e35", 1, false},
	    {"18446744073709551615", UINT64_MAX, false},
	    {"18446744073709551615.0000000000000000000000", UINT64_MAX, false},
	    {"1844674407370955161.5e1", UINT64_MAX, false},
	    {"10000000000000000000", UINT64_C(10000000000000000000), false},
	    {"10000000000000000000000000000000000000e-37", 1, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct json_integer integer;
		cr_assert(json_read_integer(cases[i].text, strlen(cases[i].text), &integer), "%s", cases[i].text);
		cr_assert_eq(integer.magnitude, cases[i].magnitude, "%s", cases[i].text);
		cr_assert_eq(integer.is_negative, cases[i].is_negative, "%s", cases[i].text);
	}
}

Test(json_read_integer, refuses_what_is_not_whole_or_too_large)
{
	static const char *const cases[] = {"0.5",
	                                    "1e-1",
	                                    "18446744073709551616",
	                                    "1e20",
	                                    "1e999999999999999999999",
	                                    "1e-999999999999999999999",
	                                    "99999999999999999999",
	                                    "0.1e0"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct json_integer integer;
		cr_assert(!json_read_integer(cases[i], strlen(cases[i]), &integer), "%s", cases[i]);
	}
}

static void expect_double(double value, const char *text)
{
	struct buffer out;
	buffer_init(&out, 100);
	json_put_double(&out, value);
	buffer_put_char(&out, '\0');
	cr_assert_str_eq(out.at, text);
	buffer_finish(&out);
}

Test(json_put_double, writes_few_digits_where_few_will_do)
{
	expect_double(0, "0");
	expect_double(-0.0, "-0");
	expect_double(1, "1");
	expect_double(-100, "-100");
	expect_double(0.1, "0.1");
	expect_double(0.42, "0.42");
	expect_double(-1234.5678, "-1234.5678");
	expect_double(0.1 + 0.2, "0.30000000000000004");
	expect_double(1e-7, "0.0000001");
	expect_double(1e21, "1e+21");
	expect_double(1e300, "1e+300");
	expect_double(5e-324, "4.94065645841247e-324");
	expect_double(999999999999999, "999999999999999");
	expect_double((double)NAN, "\"NaN\"");
	expect_double(-(double)INFINITY, "\"-Infinity\"");
}

static void expect_same(double value)
{
	struct buffer out;
	double again;
	buffer_init(&out, 100);
	json_put_double(&out, value);
	cr_assert(json_read_double(out.at, out.length, &again), "%.17g", value);
	cr_assert_arr_eq(&again, &value, sizeof value, "%.17g is not %.*s", value, (int)out.length, out.at);
	buffer_finish(&out);
}

Test(json_put_double, writes_what_reads_back_as_the_same)
{
	struct random random;
	random_start(&random, "json_put_double");
	for (int i = 0; i < 200000; i++) {
		uint64_t bits = random_below(&random, UINT64_MAX);
		double value;
		memcpy(&value, &bits, sizeof value);
		if (isfinite(value))
			expect_same(value);
		expect_same(random_unit(&random));
		expect_same((double)random_below(&random, 1000000000000) / pow(10, (double)random_below(&random, 25)));
	}
}
