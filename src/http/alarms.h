/* Moments at which something is to be done, for deadlines and heartbeats: one thread rings when they come. */
#ifndef HTTP_ALARMS_H
#define HTTP_ALARMS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/timer_queue.h"

struct alarm {
	struct timer timer;
	/* Called by the thread of the alarms, which are locked meanwhile: must be quick and must not call alarms_*. Returns
	 * when to ring again, in steady ms; 0: not any more. */
	int64_t (*ring)(struct alarm *alarm);
};

struct alarms {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct timer_queue queue; /* in steady ms */
	bool is_stopping;
	pthread_t thread;
};

/* Starts the thread. UNAVAILABLE: the system has none left. */
enum err alarms_start(struct alarms *alarms, struct fault *fault) MUST_USE;

/* Nothing may be set any more. */
void alarms_stop(struct alarms *alarms);

/* Sets the alarm to that moment, whether it was set before or not. False: no memory; it will not ring. */
bool alarms_set(struct alarms *alarms, struct alarm *alarm, int64_t due_ms);

/* Afterwards the alarm does not ring, and is not ringing. Harmless if it was not set. */
void alarms_cancel(struct alarms *alarms, struct alarm *alarm);

#endif
