/* Movers live in a map by job and in a queue by time. */
#include "service/movers.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	MOVERS_MAX = 262144,
	AGAIN_MS = 1000, /* a job that could not be looked at */
};

#define TIME_MAX_S 1e9

static struct mover *mover_of(struct timer *timer)
{
	return (struct mover *)(void *)((char *)timer - offsetof(struct mover, timer));
}

void movers_init(struct movers *movers, const struct movers_options *options)
{
	movers->options = *options;
	map_init(&movers->by_job);
	timer_queue_init(&movers->timers);
}

void movers_drop(struct movers *movers, struct mover *mover)
{
	map_remove(&movers->by_job, mover->job_id);
	timer_queue_remove(&movers->timers, &mover->timer);
	free(mover);
}

void movers_finish(struct movers *movers)
{
	struct timer *timer;
	while ((timer = timer_queue_first(&movers->timers)) != NULL)
		movers_drop(movers, mover_of(timer));
	map_finish(&movers->by_job);
	timer_queue_finish(&movers->timers);
}

struct mover *movers_find(const struct movers *movers, const char *job_id)
{
	return movers->by_job.count > 0 ? map_find(&movers->by_job, job_id) : NULL;
}

static struct mover *add(struct movers *movers, const struct job *job, double now_s, int64_t now_ms)
{
	struct pace_look look;
	size_t bytes = strlen(job->job_id) + 1;
	struct mover *mover = movers->by_job.count < MOVERS_MAX ? calloc(1, sizeof *mover + bytes) : NULL;
	if (mover == NULL)
		return NULL;
	memcpy(mover->job_id, job->job_id, bytes);
	pace_glance(job, now_s, &look);
	mover->percent = look.percent;
	mover->time_fraction = look.time_fraction;
	mover->flag = look.flag;
	mover->watched_ms = now_ms;
	if (map_put(&movers->by_job, mover->job_id, mover))
		return mover;
	free(mover);
	return NULL;
}

/* The next moment of the grid at or after the time, and after now. */
static int64_t on_grid(const struct movers *movers, double wait_s, int64_t now_ms)
{
	int64_t interval_ms = movers->options.interval_ms;
	int64_t due_ms = now_ms + (int64_t)ceil(fmin(fmax(wait_s, 0.001), TIME_MAX_S) * 1000);
	return (due_ms + interval_ms - 1) / interval_ms * interval_ms;
}

void movers_set(struct movers *movers, struct mover *mover, const struct job *job, double now_s, int64_t now_ms)
{
	double next_s = pace_next_change(job, now_s, movers->options.step_points);
	if (isinf(next_s) || !timer_queue_set(&movers->timers, &mover->timer, on_grid(movers, next_s - now_s, now_ms)))
		movers_drop(movers, mover);
}

void movers_follow(struct movers *movers, const struct job *job, double now_s, int64_t now_ms)
{
	struct mover *mover = movers_find(movers, job->job_id);
	if (mover == NULL)
		mover = add(movers, job, now_s, now_ms);
	if (mover != NULL)
		movers_set(movers, mover, job, now_s, now_ms);
}

bool movers_note_movement(struct movers *movers, struct mover *mover, const struct pace_look *look)
{
	double step = movers->options.step_points;
	bool has_moved = look->percent - mover->percent >= step ||
	                 100 * (look->time_fraction - mover->time_fraction) >= step || look->flag != mover->flag;
	if (!has_moved)
		return false;
	mover->percent = look->percent;
	mover->time_fraction = look->time_fraction;
	mover->flag = look->flag;
	return true;
}

bool movers_take_due(struct movers *movers, int64_t now_ms, char ret_job_id[JOB_ID_BYTES_MAX + 1])
{
	struct timer *timer = timer_queue_first(&movers->timers);
	if (timer == NULL || timer->due > now_ms)
		return false;
	struct mover *mover = mover_of(timer);
	memcpy(ret_job_id, mover->job_id, strlen(mover->job_id) + 1);
	(void)timer_queue_set(&movers->timers, timer, now_ms + AGAIN_MS);
	return true;
}

int64_t movers_next_due(const struct movers *movers)
{
	const struct timer *first = timer_queue_first(&movers->timers);
	return first != NULL ? first->due : INT64_MAX;
}
