/* What counts as a traceparent. */
#include "base/trace.h"

#include <criterion/criterion.h>

Test(trace_read, reads_the_trace_id)
{
	char trace[TRACE_ID_BYTES];
	cr_assert(trace_read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", trace));
	cr_assert_str_eq(trace, "4bf92f3577b34da6a3ce929d0e0e4736");
	cr_assert_not(trace_read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", trace));
	cr_assert_not(trace_read("00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", trace));
	cr_assert_not(trace_read("00-00000000000000000000000000000000-00f067aa0ba902b7-01", trace));
	cr_assert_not(trace_read("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", trace));
	cr_assert_not(trace_read("", trace));
}
