/* The rules of what a watcher may see. */
#include "simulation_watcher.h"

#include <inttypes.h>
#include <string.h>

#include "job/stages.h"

int64_t watcher_created_ms(const Progress__V1__ProgressInfo *info)
{
	return info->create_time->seconds * 1000 + info->create_time->nanos / 1000000;
}

static bool is_bad_end(int state)
{
	return state == JOB_STATE_FAILED || state == JOB_STATE_CANCELLED;
}

static void check_goes_on(const struct knowledge *known, const Progress__V1__ProgressInfo *now)
{
	CHECK(now->revision > known->revision, "%s: revision %" PRIu64 " after %" PRIu64, now->job_id, now->revision,
	      known->revision);
	bool is_same_bar = now->attempt == known->attempt && now->run == known->run;
	bool is_newer_bar = now->attempt > known->attempt || (now->attempt == known->attempt && now->run > known->run);
	CHECK(is_same_bar || is_newer_bar, "%s: attempt %u run %u after %u %u", now->job_id, now->attempt, now->run,
	      known->attempt, known->run);
	if (is_same_bar && !is_bad_end((int)now->state))
		CHECK(now->progress >= known->progress && now->fraction >= known->fraction, "%s: %.9f after %.9f", now->job_id,
		      now->fraction, known->fraction);
	if (is_same_bar)
		CHECK(now->time_fraction >= known->time_fraction, "%s: %.9f of the time after %.9f", now->job_id,
		      now->time_fraction, known->time_fraction);
	if (job_state_is_final((enum job_state)known->state))
		CHECK(known->state == JOB_STATE_SUCCEEDED && is_newer_bar, "%s: goes on after its end", now->job_id);
}

void watcher_follow(struct knowledge *known, const Progress__V1__ProgressEvent *event)
{
	const Progress__V1__ProgressInfo *now = event->progress_info;
	bool is_end = job_state_is_final((enum job_state)now->state);
	if (event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED) {
		CHECK(known->revision == 0 || now->revision > known->revision, "%s: deleted twice", now->job_id);
		*known = (struct knowledge){0};
		return;
	}
	if (event->kind != PROGRESS__V1__EVENT_KIND__EVENT_KIND_SNAPSHOT)
		CHECK((event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_ENDED) == is_end, "%s: the kind is %d in state %d",
		      now->job_id, (int)event->kind, (int)now->state);
	if (known->revision != 0)
		check_goes_on(known, now);
	*known =
	    (struct knowledge){now->revision,   now->attempt,  now->run,           now->progress,          (int)now->state,
	                       (int)now->stage, now->fraction, now->time_fraction, watcher_created_ms(now)};
}

/* A movement adds nothing to what is known but that the bar is further on. */
static void learn_movement(struct knowledge *known, const Progress__V1__ProgressEvent *event)
{
	const Progress__V1__ProgressInfo *now = event->progress_info;
	CHECK(event->previous_revision == now->revision && event->merged == 0, "%s: a movement is no change", now->job_id);
	CHECK(!job_state_is_final((enum job_state)now->state), "%s: moves after its end", now->job_id);
	if (known->revision == 0)
		return;
	CHECK(known->revision == now->revision, "%s: moves at %" PRIu64 ", known at %" PRIu64, now->job_id, now->revision,
	      known->revision);
	CHECK(now->fraction >= known->fraction && now->time_fraction >= known->time_fraction, "%s: moves back",
	      now->job_id);
	const struct stage *stage = stages_find((int)now->stage);
	CHECK(now->fraction < stage->end_percent / 100.0 || now->fraction == known->fraction, "%s: moves out of its stage",
	      now->job_id);
	known->progress = now->progress;
	known->fraction = now->fraction;
	known->time_fraction = now->time_fraction;
}

static void learn_change(struct watcher *watcher, struct knowledge *known, const Progress__V1__ProgressEvent *event)
{
	const Progress__V1__ProgressInfo *now = event->progress_info;
	CHECK(event->previous_revision + 1 == now->revision, "%s: %" PRIu64 " after %" PRIu64, now->job_id, now->revision,
	      event->previous_revision);
	CHECK(watcher->is_latest_only || event->merged == 0, "%s: merged though all was asked for", now->job_id);
	/* One who watches many may hear of a job for the first time when it has been there for long: it had ended. */
	bool is_unknown_to_many = watcher->is_for_many && known->revision == 0;
	if (!watcher->has_filter && !is_unknown_to_many)
		CHECK(known->revision + 1 + event->merged == now->revision,
		      "%s: %" PRIu64 " with %" PRIu64 " merged after %" PRIu64, now->job_id, now->revision, event->merged,
		      known->revision);
	/* A filter hides what happened since the job has left it, its deletion and rebirth, too. */
	if (watcher->has_filter && !watcher_passes(watcher, known))
		*known = (struct knowledge){0};
	watcher_follow(known, event);
}

static void learn_snapshot(struct watcher *watcher, struct knowledge *known, const Progress__V1__ProgressEvent *event)
{
	CHECK(event->merged == 0 && event->previous_revision == 0, "a snapshot comes after nothing");
	CHECK(!watcher->is_for_many || known->revision == 0, "%s: twice in a snapshot", event->progress_info->job_id);
	*known = (struct knowledge){0};
	watcher_follow(known, event);
}

/* All is to be told anew. */
static void forget(struct watcher *watcher)
{
	memset(watcher->jobs, 0, sizeof watcher->jobs);
}

void watcher_learn(struct watcher *watcher, const Progress__V1__WatchProgressResponse *page, bool is_first)
{
	CHECK(!page->resync || (watcher->may_resync && !is_first), "a resync without a reason");
	if (is_first || page->resync)
		forget(watcher);
	if (!watcher->is_for_many && (is_first || page->resync))
		CHECK(page->n_events == 1 && page->events[0]->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_SNAPSHOT,
		      "it begins with a snapshot");
	for (size_t i = 0; i < page->n_events; i++) {
		const Progress__V1__ProgressEvent *event = page->events[i];
		struct knowledge *known = &watcher->jobs[simulation_number(event->progress_info->job_id)];
		if (event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_SNAPSHOT)
			learn_snapshot(watcher, known, event);
		else if (event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_MOVED)
			learn_movement(known, event);
		else
			learn_change(watcher, known, event);
		watcher->told += event->kind != PROGRESS__V1__EVENT_KIND__EVENT_KIND_MOVED;
	}
}

bool watcher_passes(const struct watcher *watcher, const struct knowledge *known)
{
	const struct feed_filter *filter = &watcher->filter;
	bool passes_state = filter->states == 0 || (filter->states >> known->state & 1) != 0;
	bool passes_stage = filter->stages == 0 || (filter->stages >> known->stage & 1) != 0;
	return known->revision != 0 && passes_state && passes_stage;
}
