/*
 * Watching a job: a snapshot, then one long poll after the other, each going on where the answer before has ended,
 * through all troubles that pass. An answer that was lost is asked for again with the same token, and a token that is
 * too old gives a snapshot, so changes may come twice or be merged; none is shown twice, and the end is never missed.
 */
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "client.h"
#include "duration.h"
#include "error.h"
#include "progress.h"
#include "steady.h"
#include "text.h"

enum {
	POLL_MS = 30000,
	PAUSE_MS = 50, /* after an answer without news, so that a service that never waits is not asked in a busy loop */
};

struct watch {
	struct prg_client *client;
	const char *job_id;
	Progress__V1__WatchMode mode;
	prg_watch_fn *callback;
	void *context;
	char *token;            /* goes on behind what was taken; NULL: from a snapshot */
	uint64_t revision;      /* the latest one shown; 0: none */
	int64_t create_time_ms; /* of the job that was shown; another one has revisions of its own */
	double fraction;        /* as shown, likewise the next two: a simulated bar moves without a new revision */
	double time_fraction;
	enum prg_flag flag;
	bool over;
};

/* What one answer brought. */
struct changes {
	struct prg_progress **states; /* in order */
	size_t count;
	bool was_deleted; /* after the last of them */
	char *token;
};

static void clear_changes(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		prg_progress_free(changes->states[i]);
	free(changes->states);
	free(changes->token);
	*changes = (struct changes){0};
}

/* False: no memory, or an event without a state. */
static bool take_event(struct changes *changes, const Progress__V1__ProgressEvent *event)
{
	changes->was_deleted = event->kind == PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED;
	if (changes->was_deleted)
		return true;
	if (event->progress_info == NULL) {
		error_set(PRG_INTERNAL, "BAD_REPLY", "an event has no progress_info: not a progressd?");
		return false;
	}
	struct prg_progress *state = progress_copy(event->progress_info);
	if (state == NULL) {
		error_no_memory();
		return false;
	}
	state->durability = channel_durability();
	changes->states[changes->count++] = state;
	return true;
}

/* Everything is copied, so that callbacks may make calls of their own. */
static void take_changes(const Progress__V1__WatchProgressResponse *response, void *context)
{
	struct changes *changes = context;
	if (response == NULL)
		return;
	changes->states = calloc(response->n_events + 1, sizeof(struct prg_progress *));
	changes->token = strdup(response->resume_token);
	if (changes->states == NULL || changes->token == NULL) {
		error_no_memory();
		return;
	}
	for (size_t i = 0; i < response->n_events && !changes->was_deleted; i++)
		if (!take_event(changes, response->events[i]))
			return;
}

static enum prg_code fetch(const struct watch *watch, struct changes *ret_changes)
{
	Google__Protobuf__Duration timeout = GOOGLE__PROTOBUF__DURATION__INIT;
	duration_fill_ms(&timeout, POLL_MS);
	Progress__V1__WatchProgressRequest request = PROGRESS__V1__WATCH_PROGRESS_REQUEST__INIT;
	request.job_id = text_lend(watch->job_id);
	request.resume_token = text_lend(watch->token);
	request.mode = watch->mode;
	request.timeout = &timeout;
	progress__v1__progress_tracker_service__watch_progress(&watch->client->service, &request, take_changes,
	                                                       ret_changes);
	return error_code();
}

static bool is_news(const struct watch *watch, const struct prg_progress *state)
{
	if (watch->revision == 0 || watch->create_time_ms != state->create_time_ms)
		return true;
	if (state->revision != watch->revision)
		return state->revision > watch->revision;
	return state->fraction > watch->fraction || state->time_fraction > watch->time_fraction ||
	       state->flag != watch->flag;
}

/* Shows a state if it is news. */
static bool show(struct watch *watch, const struct prg_progress *state)
{
	if (!is_news(watch, state))
		return false;
	watch->revision = state->revision;
	watch->create_time_ms = state->create_time_ms;
	watch->fraction = state->fraction;
	watch->time_fraction = state->time_fraction;
	watch->flag = state->flag;
	watch->over = !watch->callback(state, watch->context) || prg_progress_is_final(state);
	return true;
}

/* Shows all that is news. PRG_NOT_FOUND: the job was deleted. */
static enum prg_code show_changes(struct watch *watch, struct changes *changes, bool *ret_news)
{
	for (size_t i = 0; i < changes->count && !watch->over; i++)
		*ret_news |= show(watch, changes->states[i]);
	free(watch->token);
	watch->token = changes->token;
	changes->token = NULL;
	if (changes->was_deleted && !watch->over)
		return error_set(PRG_NOT_FOUND, "JOB_NOT_FOUND", "job %s was deleted", watch->job_id);
	return PRG_OK;
}

static bool passes_by_itself(const struct watch *watch, enum prg_code code)
{
	if (code == PRG_UNAVAILABLE)
		return !watch->client->fail_fast;
	return code == PRG_DEADLINE_EXCEEDED;
}

/* One long poll. PRG_OK: go on, or the watch is over. */
static enum prg_code poll_once(struct watch *watch)
{
	struct changes changes = {0};
	bool news = false;
	enum prg_code code = fetch(watch, &changes);
	if (code == PRG_OK)
		code = show_changes(watch, &changes, &news);
	else if (passes_by_itself(watch, code))
		code = PRG_OK;
	clear_changes(&changes);
	if (code == PRG_OK && !news && !watch->over)
		connection_pause(&watch->client->connection, PAUSE_MS, STEADY_NEVER);
	return code;
}

static enum prg_code follow(struct prg_client *client, const char *job_id, Progress__V1__WatchMode mode,
                            prg_watch_fn *callback, void *context)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct watch watch = {
	    .client = client, .job_id = text_lend(job_id), .mode = mode, .callback = callback, .context = context};
	while (code == PRG_OK && !watch.over)
		code = poll_once(&watch);
	free(watch.token);
	if (code == PRG_OK)
		error_clear();
	client_leave(client);
	return code;
}

enum prg_code prg_watch(struct prg_client *client, const char *job_id, prg_watch_fn *callback, void *context)
{
	return follow(client, job_id, PROGRESS__V1__WATCH_MODE__WATCH_MODE_LATEST, callback, context);
}

enum prg_code prg_watch_every(struct prg_client *client, const char *job_id, prg_watch_fn *callback, void *context)
{
	return follow(client, job_id, PROGRESS__V1__WATCH_MODE__WATCH_MODE_ALL, callback, context);
}
