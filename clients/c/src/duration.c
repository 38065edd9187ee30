/* google.protobuf.Duration and the units that C callers use. */
#include "duration.h"

#include "error.h"

enum prg_code duration_fill(Google__Protobuf__Duration *duration, const char *field, double seconds)
{
	enum { SECONDS_MAX = 1000000000 };
	if (!(seconds <= SECONDS_MAX))
		return error_set(PRG_INVALID_ARGUMENT, "BAD_FIELD", "%s: %g; allowed are up to %d", field, seconds,
		                 SECONDS_MAX);
	if (seconds < 0)
		seconds = 0;
	duration->seconds = (int64_t)seconds;
	duration->nanos = (int32_t)((seconds - (double)duration->seconds) * 1e9);
	return PRG_OK;
}

void duration_fill_ms(Google__Protobuf__Duration *duration, int64_t ms)
{
	duration->seconds = ms / 1000;
	duration->nanos = (int32_t)(ms % 1000 * 1000000);
}

int64_t duration_ms(const Google__Protobuf__Duration *duration)
{
	return duration != NULL ? duration->seconds * 1000 + duration->nanos / 1000000 : 0;
}
