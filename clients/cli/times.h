/* Moments and durations: reading the clocks, and how they are written and read. */
#ifndef CLI_TIMES_H
#define CLI_TIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* Milliseconds since the Unix epoch. */
int64_t times_wall_ms(void);

/* Seconds of a clock that never jumps; its start means nothing. */
double times_steady_seconds(void);

/* Adds a duration in at most six columns: "<1s", "45s", "2m10s", "1h05m", "3d04h", "120d". Negative ones count as 0. */
void times_add_duration(struct text *text, double seconds);

/* Adds a moment as RFC 3339 in UTC: "2024-05-01T12:00:00.123Z". */
void times_add_moment(struct text *text, int64_t wall_ms);

/* Reads a duration: a number of seconds, or a number with s, m, h or d. False: it is none, or negative. */
bool times_read_duration(const char *string, double *ret_seconds);

#endif
