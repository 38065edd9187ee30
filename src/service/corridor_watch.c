/*
 * Watching one job, and what holds for all watching: a snapshot first, then every change, by answers that each say
 * where the next one begins. A watch sees only what is published; behind a change of its own batch it is deferred until
 * that is. So the snapshot holds exactly the changes up to its position, and there is no moment between the snapshot
 * and the first change in which one could be missed.
 *
 * Movements come last, when all changes are told, and only those of a job's latest revision: so what is told of a job
 * never goes back, and its end stays the last of it.
 */
#include <string.h>

#include "service/answer.h"
#include "service/corridor_apply.h"
#include "service/corridor_draft.h"
#include "service/corridor_news.h"
#include "wire/compose.h"
#include "wire/info.h"

enum { COME_BACK_MS = 10000 /* how long jobs that a shared store has lost are waited for */ };

static void set_place_of_job(struct draft *draft, const struct job *job)
{
	draft->token.position = feed_history_position(&draft->corridor->feed->history);
	draft->token.revision = job->view.revision;
	draft->token.created_ms = job->created_ms;
	draft->token.updated_ms = job->view.updated_ms;
	draft->token.moved = feed_history_position(&draft->corridor->feed->moves);
}

static void tell_snapshot(struct draft *draft, const struct job *job)
{
	struct wire_bytes event;
	set_place_of_job(draft, job);
	if (draft_seal_snapshot(draft, job, &event))
		draft_add(draft, event, 0);
}

/* Whether the change is to be told by itself, rather than be merged into a later one. */
static bool stands_alone(const struct command *command, const struct feed_memory *memory)
{
	return !command->watch.is_latest_only || memory->change.is_end || memory->change.is_removal ||
	       memory->next_position == 0;
}

static void tell_changes(struct draft *draft, const struct feed_memory *memory)
{
	const struct feed_history *history = &draft->corridor->feed->history;
	uint64_t merged = 0;
	while (memory != NULL) {
		const struct feed_change *change = &memory->change;
		if (!stands_alone(draft->command, memory)) {
			merged++;
		} else if (draft_has_room(draft, change->event_bytes)) {
			draft_add_change(draft, change, merged);
			merged = 0;
			draft->token.position = memory->position;
			draft->token.revision = change->revision;
		} else {
			/* The latest told may be of an older job of that name: no job is as this token says. */
			draft->token.created_ms = 0;
			break;
		}
		memory = memory->next_position != 0 ? feed_history_at(history, memory->next_position) : NULL;
	}
}

/* What the watcher of one job is to be told. */
enum news { NEWS_NONE, NEWS_MOVEMENT, NEWS_CHANGES, NEWS_SNAPSHOT, NEWS_RESYNC };

/* Whether the job is still as the token says, whatever the history remembers. A store that has lost a change may come
 * to the same revision by another one. */
static bool is_unchanged(const struct job *job, const struct watch_token *token)
{
	return job != NULL && job->view.revision == token->revision && job->created_ms == token->created_ms &&
	       job->view.updated_ms == token->updated_ms;
}

/* The latest movement of the job as it is now after the token's, or NULL. */
static const struct feed_memory *find_movement(const struct corridor *corridor, const struct command *command,
                                               const struct job *job)
{
	const struct watch_token *token = &command->watch.token;
	if (job == NULL || token->epoch != corridor->options.epoch)
		return NULL;
	const struct feed_memory *latest = feed_history_latest(&corridor->feed->moves, command->job_id);
	bool is_new = latest != NULL && latest->position > token->moved;
	return is_new && latest->change.revision == job->view.revision && latest->change.row == command->entry->row ? latest
	                                                                                                            : NULL;
}

static enum news look_for_news(const struct corridor *corridor, const struct command *command, const struct job *job,
                               const struct feed_memory **ret_first)
{
	const struct watch_token *token = &command->watch.token;
	bool is_whole = false;
	if (command->watch.is_first)
		return NEWS_SNAPSHOT;
	*ret_first = NULL;
	if (token->epoch == corridor->options.epoch)
		*ret_first = feed_history_first_after(&corridor->feed->history, command->job_id, token->position, &is_whole);
	if (*ret_first != NULL && is_whole)
		return NEWS_CHANGES;
	if (!is_whole && !is_unchanged(job, token))
		return NEWS_RESYNC;
	*ret_first = find_movement(corridor, command, job);
	return *ret_first != NULL ? NEWS_MOVEMENT : NEWS_NONE;
}

static void tell_news(struct draft *draft, enum news news, const struct job *job, const struct feed_memory *first)
{
	if (news == NEWS_CHANGES) {
		if (job != NULL)
			draft->token.created_ms = job->created_ms;
		tell_changes(draft, first);
		bool is_latest = job != NULL && job->view.revision == draft->token.revision;
		draft->token.updated_ms = is_latest ? job->view.updated_ms : 0;
	} else if (news == NEWS_MOVEMENT) {
		set_place_of_job(draft, job);
		draft_add_change(draft, &first->change, 0);
	} else if (news != NEWS_NONE) {
		draft->is_resync = news == NEWS_RESYNC;
		tell_snapshot(draft, job);
	} else {
		set_place_of_job(draft, job);
	}
	draft_finish(draft);
}

/* The store has lost what it had: the worker of a job that was there a moment ago makes it anew. */
static bool may_come_back(const struct corridor *corridor, const struct command *command)
{
	return corridor->missed_ms != 0 && corridor->now.steady_ms < corridor->missed_ms + COME_BACK_MS &&
	       command->watch.token.revision != 0;
}

bool corridor_watch_job(struct corridor *corridor, struct command *command)
{
	if (draft_must_wait(corridor, command))
		return false;
	draft_skip_what_was_quiet(corridor, command);
	const struct job *job = corridor_job_of(command);
	const struct feed_memory *first = NULL;
	enum news news = look_for_news(corridor, command, job, &first);
	bool may_wait = !command->pause.is_over && command->pause.timeout_ms > 0;
	if (job == NULL && news != NEWS_CHANGES) {
		if ((command->watch.for_creation || may_come_back(corridor, command)) && may_wait)
			return draft_pause(corridor, command, news == NEWS_NONE);
		corridor_set_not_found(command);
		return true;
	}
	if (job != NULL)
		corridor_mind_watched(corridor, job);
	if (news == NEWS_NONE && may_wait)
		return draft_pause(corridor, command, true);
	struct draft draft = draft_begin(corridor, command);
	tell_news(&draft, news, job, first);
	return true;
}
