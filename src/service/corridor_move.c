/*
 * Bars that move by themselves: nothing is written for them, and nothing is done but for those that somebody watches.
 * At its moment a watched job is looked at; if it has moved by a step, that is told as a movement, which the feed keeps
 * apart from the changes.
 */
#include <progress/v1/job.pb-c.h>

#include "service/corridor_apply.h"
#include "wire/compose.h"
#include "wire/info.h"

enum {
	MOVES_AT_ONCE_MAX = 128, /* in one run of the corridor; others wait for the next, which is due at once */
	ABSENCE_MS = 10000,      /* a watcher between two calls */
};

void corridor_add_moves(struct corridor *corridor, struct list *commands)
{
	char job_id[JOB_ID_BYTES_MAX + 1];
	for (int i = 0; i < MOVES_AT_ONCE_MAX; i++) {
		if (!movers_take_due(&corridor->movers, corridor->now.steady_ms, job_id))
			break;
		struct command *command = command_create_own(COMMAND_MOVE, job_id);
		if (command != NULL)
			list_append(commands, &command->link);
	}
}

static void follow(struct corridor *corridor, const struct job *job)
{
	movers_follow(&corridor->movers, job, corridor_now_s(corridor), corridor->now.steady_ms);
}

void corridor_mind_watched(struct corridor *corridor, const struct job *job)
{
	if (!job->view.is_simulated)
		return;
	struct mover *mover = movers_find(&corridor->movers, job->job_id);
	if (mover != NULL)
		mover->watched_ms = corridor->now.steady_ms;
	else
		follow(corridor, job);
}

void corridor_mind_watcher_of_many(struct corridor *corridor)
{
	corridor->many_watched_ms = corridor->now.steady_ms + ABSENCE_MS;
}

void corridor_mind_change(struct corridor *corridor, const struct job *job)
{
	/* Most jobs are not simulated, and those that are lose their mover when it is their time. */
	if (job == NULL || !job->view.is_simulated)
		return;
	bool is_watched = corridor->many_watched_ms > corridor->now.steady_ms;
	if (is_watched || movers_find(&corridor->movers, job->job_id) != NULL)
		follow(corridor, job);
}

static bool is_watched(const struct corridor *corridor, struct mover *mover, const struct feed_facts *facts)
{
	int64_t now_ms = corridor->now.steady_ms;
	if (feed_is_watched(corridor->feed, facts))
		mover->watched_ms = now_ms;
	return now_ms - mover->watched_ms < ABSENCE_MS;
}

/* Without memory nobody is told: the next movement tells it all. */
static void tell(struct corridor *corridor, const struct command *command, const struct job *job,
                 const struct feed_facts *facts)
{
	struct wire_bytes info, event;
	struct fault fault;
	struct info_moment moment = corridor_moment(corridor);
	bool is_sealed = info_seal(job, &job->view, &moment, &corridor->arena, &info, &fault) == ERR_OK &&
	                 compose_event(info, job->view.revision, PROGRESS__V1__EVENT_KIND__EVENT_KIND_MOVED, NULL,
	                               &corridor->arena, &event, &fault) == ERR_OK;
	if (!is_sealed)
		return;
	struct feed_change movement = {
	    .facts = *facts,
	    .revision = job->view.revision,
	    .row = command->entry->row,
	    .told_ms = corridor->now.steady_ms,
	    .event = event.at,
	    .event_bytes = event.length,
	};
	feed_move(corridor->feed, &movement);
}

void corridor_move(struct corridor *corridor, struct command *command)
{
	const struct job *job = corridor_job_of(command);
	struct mover *mover = movers_find(&corridor->movers, command->job_id);
	if (mover == NULL)
		return;
	/* An end or another stage is a change, and told as that. */
	if (job == NULL || !job->view.is_simulated) {
		movers_drop(&corridor->movers, mover);
		return;
	}
	struct feed_facts facts = {job->job_id,     job->pipeline,        job->parent,    (int)job->view.state,
	                           job->view.stage, (int)job->view.state, job->view.stage};
	if (!is_watched(corridor, mover, &facts)) {
		movers_drop(&corridor->movers, mover);
		return;
	}
	/* What this batch has changed will be told as a change. */
	struct pace_look look;
	pace_glance(job, corridor_now_s(corridor), &look);
	if (!command->entry->is_dirty && movers_note_movement(&corridor->movers, mover, &look))
		tell(corridor, command, job, &facts);
	movers_set(&corridor->movers, mover, job, corridor_now_s(corridor), corridor->now.steady_ms);
}
