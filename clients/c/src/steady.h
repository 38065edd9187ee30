/* Waiting by a clock that never jumps. Deadlines are moments of this clock in milliseconds. */
#ifndef PRG_STEADY_H
#define PRG_STEADY_H

#include <pthread.h>
#include <stdint.h>

/* A deadline that is never over. */
#define STEADY_NEVER INT64_MAX

int64_t steady_now_ms(void);

/* Makes a condition for steady_wait. */
void steady_init(pthread_cond_t *condition);

/* Waits for a signal until the deadline; may return early. */
void steady_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t deadline_ms);

#endif
