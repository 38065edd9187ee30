/* How ffmpeg tells its progress. */
#include "ffmpeg.h"

#include <stdlib.h>
#include <string.h>

bool ffmpeg_read_out_time(const char *line, uint64_t *ret_ms)
{
	static const char key[] = "out_time_us=";
	if (strncmp(line, key, sizeof key - 1) != 0)
		return false;
	char *end;
	long long microseconds = strtoll(line + sizeof key - 1, &end, 10);
	if (end == line + sizeof key - 1 || *end || microseconds < 0)
		return false;
	*ret_ms = (uint64_t)microseconds / 1000;
	return true;
}
