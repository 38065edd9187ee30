/* The clocks run, and in milliseconds. */
#include "base/clock.h"

#include <criterion/criterion.h>
#include <time.h>

Test(clock_wall_ms, agrees_with_the_system_in_milliseconds)
{
	int64_t before = (int64_t)time(NULL) * 1000;
	int64_t now = clock_wall_ms();
	cr_assert_geq(now, before - 1000);
	cr_assert_leq(now, (int64_t)time(NULL) * 1000 + 2000);
}

Test(clock_steady_ms, never_goes_back)
{
	int64_t last = clock_steady_ms();
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_steady_ms();
		cr_assert_geq(now, last);
		last = now;
	}
}
