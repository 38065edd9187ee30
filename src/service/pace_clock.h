/*
 * The time by which the bars of all jobs move (`now` of job/pace.h): it looks like the wall clock and runs like the
 * steady one, so that it never goes back and never jumps, whatever becomes of the wall clock while the service runs.
 *
 * Through a restart it goes on by a note in the store, which says how far it was ahead of the steady clock in this boot
 * of the machine. After a boot it starts from the wall clock, but never before what any job under way has seen. Where
 * other processes write the notes, too, it always starts from the wall clock, on which their machines agree.
 */
#ifndef SERVICE_PACE_CLOCK_H
#define SERVICE_PACE_CLOCK_H

#include <stdint.h>

#include "store/store.h"

struct moment {
	int64_t wall_ms;   /* since the epoch; may jump */
	int64_t steady_ms; /* never jumps */
};

struct pace_clock {
	int64_t ahead_ms; /* of the steady clock; does not change once started */
};

/* Starts it at `now`, before which no time lies that is above seen_s. boot_key names this boot of the machine, 0: not
 * known. Reads and writes the note. Errors as of store_load_note and store_put_note; the clock is started all the same.
 */
enum err pace_clock_start(struct pace_clock *clock, struct store *store, uint64_t boot_key, double seen_s,
                          struct moment now, struct fault *fault) MUST_USE;

static inline double pace_clock_s(const struct pace_clock *clock, int64_t steady_ms)
{
	return (double)(steady_ms + clock->ahead_ms) / 1000;
}

#endif
