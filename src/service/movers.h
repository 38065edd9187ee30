/*
 * When to look whether a simulated job has moved: one timer for each such job that somebody watches, none for the
 * others. The moments lie on one grid for all jobs, so that those that have moved are told together.
 */
#ifndef SERVICE_MOVERS_H
#define SERVICE_MOVERS_H

#include "base/map.h"
#include "base/timer_queue.h"
#include "job/job.h"

struct movers_options {
	double step_points;  /* movement worth telling, of 100 */
	int64_t interval_ms; /* the grid: no job is told of more often */
};

struct mover {
	struct timer timer;
	int64_t watched_ms; /* when somebody was last seen to watch the job */
	double percent;     /* as last told … */
	double time_fraction;
	enum estimate_flag flag;
	char job_id[];
};

struct movers {
	struct movers_options options;
	struct map by_job;
	struct timer_queue timers; /* in steady ms */
};

void movers_init(struct movers *movers, const struct movers_options *options);
void movers_finish(struct movers *movers);

/* The mover of the job, or NULL. */
struct mover *movers_find(const struct movers *movers, const char *job_id);

/* Sets the timer for the job as it is at now_s (of job/pace.h), now_ms; makes a mover if there is none, as long as
 * there is room. A job that does not move by itself loses its mover. */
void movers_follow(struct movers *movers, const struct job *job, double now_s, int64_t now_ms);

/* The same for a job whose mover is known. */
void movers_set(struct movers *movers, struct mover *mover, const struct job *job, double now_s, int64_t now_ms);

/* Forgets the mover. */
void movers_drop(struct movers *movers, struct mover *mover);

/* Whether what is shown has moved by a step since it was told; then it counts as told. */
bool movers_note_movement(struct movers *movers, struct mover *mover, const struct pace_look *look);

/* Takes a job whose time has come; its timer is due again after a while. False: there is none. */
bool movers_take_due(struct movers *movers, int64_t now_ms, char ret_job_id[JOB_ID_BYTES_MAX + 1]);

/* The earliest moment; INT64_MAX: none. */
int64_t movers_next_due(const struct movers *movers);

#endif
