/* Leases live in a map by job and in a queue by time. */
#include "service/leases.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 1000 };

struct lease {
	struct timer timer;
	int64_t patience_ms; /* from the moment the timer was set until it is due */
	bool is_over;
	char job_id[];
};

static struct lease *lease_of(struct timer *timer)
{
	return (struct lease *)(void *)((char *)timer - offsetof(struct lease, timer));
}

void leases_init(struct leases *leases)
{
	map_init(&leases->by_job);
	timer_queue_init(&leases->timers);
}

static void drop(struct leases *leases, struct lease *lease)
{
	map_remove(&leases->by_job, lease->job_id);
	timer_queue_remove(&leases->timers, &lease->timer);
	free(lease);
}

void leases_finish(struct leases *leases)
{
	struct timer *timer;
	while ((timer = timer_queue_first(&leases->timers)) != NULL)
		drop(leases, lease_of(timer));
	map_finish(&leases->by_job);
	timer_queue_finish(&leases->timers);
}

/* How long the job may stay as it is; 0: for ever. */
static int64_t patience_ms(const struct lease_terms *terms, int64_t default_lost_after_ms)
{
	if (terms->lease_ms == 0)
		return terms->state == JOB_STATE_ACTIVE ? terms->patience_ms : 0;
	if (terms->state == JOB_STATE_ACTIVE)
		return terms->lease_ms;
	if (terms->state == JOB_STATE_STALLED)
		return terms->lost_after_ms > 0 ? terms->lost_after_ms : default_lost_after_ms;
	return 0;
}

struct lease_terms lease_terms_of(const struct job *job)
{
	int64_t patience_ms = job->lease_ms == 0 ? (int64_t)(pace_patience(job) * 1000) : 0;
	return (struct lease_terms){job->view.state, job->lease_ms, patience_ms, job->lost_after_ms};
}

static struct lease *add(struct leases *leases, const char *job_id)
{
	size_t bytes = strlen(job_id) + 1;
	struct lease *lease = calloc(1, sizeof *lease + bytes);
	if (lease == NULL)
		return NULL;
	memcpy(lease->job_id, job_id, bytes);
	if (map_put(&leases->by_job, lease->job_id, lease))
		return lease;
	free(lease);
	return NULL;
}

bool leases_follow(struct leases *leases, const char *job_id, const struct lease_terms *terms,
                   int64_t default_lost_after_ms, int64_t now_ms)
{
	int64_t patience = patience_ms(terms, default_lost_after_ms);
	if (patience == 0) {
		leases_forget(leases, job_id);
		return true;
	}
	struct lease *lease = map_find(&leases->by_job, job_id);
	if (lease == NULL)
		lease = add(leases, job_id);
	if (lease == NULL)
		return false;
	lease->patience_ms = patience;
	lease->is_over = false;
	if (timer_queue_set(&leases->timers, &lease->timer, now_ms + patience))
		return true;
	drop(leases, lease);
	return false;
}

void leases_renew(struct leases *leases, const char *job_id, int64_t now_ms)
{
	struct lease *lease = map_find(&leases->by_job, job_id);
	if (lease == NULL)
		return;
	lease->is_over = false;
	/* A timer that is set already needs no memory to be moved. */
	(void)timer_queue_set(&leases->timers, &lease->timer, now_ms + lease->patience_ms);
}

bool leases_has(const struct leases *leases, const char *job_id)
{
	return map_find(&leases->by_job, job_id) != NULL;
}

bool leases_is_over(const struct leases *leases, const char *job_id)
{
	const struct lease *lease = map_find(&leases->by_job, job_id);
	return lease != NULL && lease->is_over;
}

void leases_forget(struct leases *leases, const char *job_id)
{
	/* Most jobs have no lease: then the map is empty and this costs nothing. */
	if (leases->by_job.count == 0)
		return;
	struct lease *lease = map_find(&leases->by_job, job_id);
	if (lease != NULL)
		drop(leases, lease);
}

bool leases_take_due(struct leases *leases, int64_t now_ms, char ret_job_id[JOB_ID_BYTES_MAX + 1])
{
	struct timer *timer = timer_queue_first(&leases->timers);
	if (timer == NULL || timer->due > now_ms)
		return false;
	struct lease *lease = lease_of(timer);
	memcpy(ret_job_id, lease->job_id, strlen(lease->job_id) + 1);
	lease->is_over = true;
	(void)timer_queue_set(&leases->timers, timer, now_ms + AGAIN_MS);
	return true;
}

int64_t leases_next_due(const struct leases *leases)
{
	const struct timer *first = timer_queue_first(&leases->timers);
	return first != NULL ? first->due : INT64_MAX;
}
