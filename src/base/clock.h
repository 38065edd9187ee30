/* The two clocks. Only the outer rooms read them; the others get the time as an argument. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since the Unix epoch; may be set back or forth by people. */
int64_t clock_wall_ms(void);

/* Milliseconds of a clock that never jumps; its start means nothing. */
int64_t clock_steady_ms(void);

/* The same in nanoseconds, for durations. */
int64_t clock_steady_ns(void);

/* A number that is another one after each boot of the machine, so that steady times of one boot can be told from those
 * of another; 0: not known. */
uint64_t clock_boot_key(void);

#endif
