/* The step of applying: what each kind of command does to its job, and what is noted for the later steps. */
#include "service/corridor_apply.h"

#include <progress/v1/job.pb-c.h>
#include <string.h>

#include "service/answer.h"
#include "wire/compose.h"
#include "wire/info.h"

struct job *corridor_job_of(const struct command *command)
{
	const struct cache_entry *entry = command->entry;
	return entry == NULL || entry->is_removed ? NULL : entry->job;
}

void corridor_set_not_found(struct command *command)
{
	fault_set(command->fault, ERR_NOT_FOUND, "JOB_NOT_FOUND", "job_id: there is no job %s", command->job_id);
}

/* Seals the job as the view shows it. False: no memory, the command's fault is set. */
static bool seal_info(struct corridor *corridor, struct command *command, const struct job *job,
                      const struct job_view *view, struct wire_bytes *ret_info)
{
	struct info_moment moment = corridor_moment(corridor);
	return info_seal(job, view, &moment, &corridor->arena, ret_info, command->fault) == ERR_OK;
}

/* Lets the command answer with the job as `info` shows it. */
static void answer_with(struct corridor *corridor, struct command *command, const struct job *job,
                        const struct job_view *view, enum job_outcome outcome, struct wire_bytes info)
{
	struct subject subject = {
	    .command = command,
	    .job = job,
	    .view = view,
	    .outcome = outcome,
	    .timed_out = command->kind == COMMAND_WAIT && command->pause.is_over,
	    .now_ms = corridor->now.wall_ms,
	    .info = info,
	};
	/* An answer that does not fit leaves its error in the command's fault. */
	(void)!command->answer(&subject, command->fault);
}

static void answer(struct corridor *corridor, struct command *command, const struct job *job,
                   const struct job_view *view, enum job_outcome outcome)
{
	struct wire_bytes info;
	if (command->answer != NULL && seal_info(corridor, command, job, view, &info))
		answer_with(corridor, command, job, view, outcome, info);
}

/* What a job looked like before a command was applied; all zero: there was none. */
struct before {
	uint64_t revision;
	int state;
	int stage;
};

static struct before look_at(const struct job *job)
{
	if (job == NULL)
		return (struct before){0};
	return (struct before){job->view.revision, (int)job->view.state, job->view.stage};
}

static int event_kind(const struct job *job, uint64_t previous_revision, bool is_removal)
{
	if (is_removal)
		return PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED;
	if (job_state_is_final(job->view.state))
		return PROGRESS__V1__EVENT_KIND__EVENT_KIND_ENDED;
	return previous_revision == 0 ? PROGRESS__V1__EVENT_KIND__EVENT_KIND_CREATED
	                              : PROGRESS__V1__EVENT_KIND__EVENT_KIND_UPDATED;
}

/* Lets the job's bar follow what the rules have changed. NULL: no run has ended, or there is no memory for its lesson.
 */
static const struct pace_lesson *follow_pace(struct corridor *corridor, const struct command *command, struct job *job)
{
	const struct learned *learned = NULL;
	const struct job_update *update = command->kind == COMMAND_UPDATE ? &command->update : NULL;
	if (pace_is_behind(job))
		learned =
		    lessons_of(&corridor->lessons, job->pipeline, stages_find(job->view.stage)->flow, corridor->now.steady_ms);
	if (!pace_follow(job, update, learned, corridor_now_s(corridor), &corridor->lesson))
		return NULL;
	struct pace_lesson *lesson = arena_take(&corridor->arena, sizeof *lesson);
	if (lesson == NULL)
		return NULL;
	*lesson = corridor->lesson;
	lessons_learn(&corridor->lessons, job->pipeline, lesson, corridor->now.steady_ms);
	return lesson;
}

/* Notes a change for the later steps. False: no memory for its event. */
static bool note_change(struct corridor *corridor, struct command *command, struct job *job, struct before before,
                        bool is_removal, struct wire_bytes *ret_info)
{
	struct corridor_change *change = &corridor->changes[corridor->change_count++];
	*change = (struct corridor_change){
	    .entry = command->entry,
	    .lesson = is_removal ? NULL : follow_pace(corridor, command, job),
	    .told =
	        {
	            .facts = {job->job_id, job->pipeline, job->parent, (int)job->view.state, job->view.stage, before.state,
	                      before.stage},
	            .revision = job->view.revision,
	            .is_end = !is_removal && job_state_is_final(job->view.state),
	            .row = command->entry->row,
	            .is_removal = is_removal,
	        },
	};
	change->before = command->entry->latest_change;
	command->entry->latest_change = change;
	command->entry->is_dirty = true;
	struct wire_bytes event = {NULL, 0};
	int kind = event_kind(job, before.revision, is_removal);
	bool is_sealed =
	    seal_info(corridor, command, job, &job->view, ret_info) &&
	    compose_event(*ret_info, before.revision, kind, command->call != NULL ? command->call->traceparent : NULL,
	                  &corridor->arena, &event, command->fault) == ERR_OK;
	change->told.event = event.at;
	change->told.event_bytes = event.length;
	return is_sealed;
}

/* Ends a command that may have changed its job: `before` is from before it. */
static void settle_change(struct corridor *corridor, struct command *command, struct job *job, struct before before,
                          const struct job_result *result, bool is_removal)
{
	command->entry->is_heard |= result->is_sign;
	if (job->view.revision == before.revision || result->outcome == JOB_OUTCOME_DUPLICATE) {
		answer(corridor, command, job, result->view, result->outcome);
		return;
	}
	struct wire_bytes info;
	if (!note_change(corridor, command, job, before, is_removal, &info))
		command->entry->is_lost = true;
	else if (command->answer != NULL)
		answer_with(corridor, command, job, result->view, result->outcome, info);
}

/* Ends a command whose rule has said `err`. */
static void settle(struct corridor *corridor, struct command *command, struct job *job, struct before before,
                   const struct job_result *result, enum err err)
{
	if (err != ERR_OK)
		command->entry->is_lost |= strcmp(command->fault->reason, "NO_MEMORY") == 0;
	else
		settle_change(corridor, command, job, before, result, false);
}

static void apply_read(struct corridor *corridor, struct command *command)
{
	const struct job *job = corridor_job_of(command);
	if (job == NULL)
		corridor_set_not_found(command);
	else
		answer(corridor, command, job, &job->view, JOB_OUTCOME_UNSPECIFIED);
}

static void apply_creation(struct corridor *corridor, struct command *command, const struct job_creation *creation,
                           const struct job_update *first)
{
	struct cache_entry *entry = command->entry;
	if (job_create(creation, first, corridor->now.wall_ms, &entry->job, command->fault) != ERR_OK)
		return;
	struct job_result result = {.outcome = JOB_OUTCOME_APPLIED, .view = &entry->job->view, .is_sign = true};
	settle_change(corridor, command, entry->job, look_at(NULL), &result, false);
}

static void apply_create(struct corridor *corridor, struct command *command)
{
	const struct job *job = corridor_job_of(command);
	struct job_result repeat;
	if (job == NULL)
		apply_creation(corridor, command, &command->creation, NULL);
	else if (job_find_repeat(job, &command->creation.origin, &repeat))
		answer(corridor, command, job, repeat.view, repeat.outcome);
	else
		fault_set(command->fault, ERR_ALREADY_EXISTS, "JOB_EXISTS", "job_id: there is a job %s already",
		          command->job_id);
}

static void apply_update(struct corridor *corridor, struct command *command)
{
	struct job *job = corridor_job_of(command);
	if (job == NULL) {
		struct job_creation creation = {.job_id = command->job_id};
		apply_creation(corridor, command, &creation, &command->update);
		return;
	}
	struct job_result result;
	struct before before = look_at(job);
	enum err err = job_apply(job, &command->update, corridor->now.wall_ms, &result, command->fault);
	settle(corridor, command, job, before, &result, err);
}

static void remove_job(struct corridor *corridor, struct command *command, struct job *job)
{
	struct before before = look_at(job);
	job->view.revision++;
	struct job_result result = {.outcome = JOB_OUTCOME_APPLIED, .view = &job->view};
	settle_change(corridor, command, job, before, &result, true);
	command->entry->is_removed = true;
}

static void apply_delete(struct corridor *corridor, struct command *command)
{
	remove_job(corridor, command, corridor_job_of(command));
}

static void apply_sign(struct corridor *corridor, struct command *command)
{
	struct job *job = corridor_job_of(command);
	struct job_result result;
	struct before before = look_at(job);
	if (command->sign.attempt == 0 || command->sign.attempt == job->view.attempt)
		pace_beat(job, corridor_now_s(corridor));
	enum err err =
	    job_sign(job, command->sign.attempt, command->sign.lease_ms, corridor->now.wall_ms, &result, command->fault);
	settle(corridor, command, job, before, &result, err);
}

static void apply_cancel(struct corridor *corridor, struct command *command)
{
	struct job *job = corridor_job_of(command);
	struct job_result result;
	struct before before = look_at(job);
	enum err err = job_request_cancel(job, command->cancel_reason, corridor->now.wall_ms, &result, command->fault);
	settle(corridor, command, job, before, &result, err);
}

static void apply_silence(struct corridor *corridor, struct command *command)
{
	struct job *job = corridor_job_of(command);
	/* A sign may have come in the meantime. */
	if (job == NULL || command->entry->is_heard || !leases_is_over(&corridor->leases, command->job_id))
		return;
	command->entry->is_silent = true;
	struct job_result result;
	struct before before = look_at(job);
	enum err err = job->view.state == JOB_STATE_STALLED
	                   ? job_lose(job, corridor->now.wall_ms, &result, command->fault)
	                   : job_stall(job, corridor->now.wall_ms, &result, command->fault);
	settle(corridor, command, job, before, &result, err);
}

static void apply_expire(struct corridor *corridor, struct command *command)
{
	struct job *job = corridor_job_of(command);
	if (job == NULL)
		return;
	/* What the store said holds for that state of the job only. */
	if (job->view.revision == command->expired_revision)
		remove_job(corridor, command, job);
}

static int64_t shorter(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A call does not wait longer than its token is good; its caller is refused when it asks again. One more, because the
 * milliseconds of the two clocks begin at different moments. */
static int64_t token_life_ms(const struct corridor *corridor, const struct call *call)
{
	if (call->token == 0 || call->token_expires_ms == INT64_MAX)
		return INT64_MAX;
	return call->token_expires_ms > corridor->now.wall_ms ? call->token_expires_ms - corridor->now.wall_ms + 1 : 1;
}

bool corridor_trusts(const struct corridor *corridor, struct command *command)
{
	const struct call *call = command->call;
	if (call->token == 0 || auth_holds(corridor->options.auth, call->token))
		return true;
	fault_set(command->fault, ERR_UNAUTHENTICATED, "BAD_TOKEN", "the token is not valid any more");
	return false;
}

bool corridor_pause(struct corridor *corridor, struct command *command)
{
	struct command_pause *pause = &command->pause;
	if (!corridor_trusts(corridor, command))
		return true;
	if (pause->due_ms == 0)
		pause->due_ms = corridor->now.steady_ms + shorter(pause->timeout_ms, token_life_ms(corridor, command->call));
	if (parking_park(&corridor->parking, command))
		return false;
	answer_set_full(command->fault);
	return true;
}

static bool apply_wait(struct corridor *corridor, struct command *command)
{
	const struct job *job = corridor_job_of(command);
	const struct command_wait *wait = &command->wait;
	struct command_pause *pause = &command->pause;
	bool is_due = job != NULL ? job->view.revision != wait->after_revision : !wait->for_creation;
	if (!is_due && !pause->is_over && pause->timeout_ms > 0)
		return corridor_pause(corridor, command);
	pause->is_over = !is_due;
	apply_read(corridor, command);
	return true;
}

static void apply_stats(struct corridor *corridor, struct command *command)
{
	struct subject subject = {.command = command, .now_ms = corridor->now.wall_ms};
	for (int flow = STAGE_FLOW_MAIN; flow <= STAGE_FLOW_POSTING; flow++)
		subject.learned[flow] =
		    lessons_of(&corridor->lessons, command->pipeline, (enum stage_flow)flow, corridor->now.steady_ms);
	/* An answer that does not fit leaves its error in the command's fault. */
	(void)!command->answer(&subject, command->fault);
}

/* Whether the command says something to a job that must be there. */
static bool needs_job(enum command_kind kind)
{
	return kind == COMMAND_DELETE || kind == COMMAND_SIGN || kind == COMMAND_CANCEL;
}

bool corridor_apply(struct corridor *corridor, struct command *command)
{
	if (needs_job(command->kind) && corridor_job_of(command) == NULL) {
		corridor_set_not_found(command);
		return true;
	}
	struct job *job = corridor_job_of(command);
	if (job != NULL)
		pace_arrive(job, corridor_now_s(corridor));
	switch (command->kind) {
	case COMMAND_READ:
		apply_read(corridor, command);
		break;
	case COMMAND_UPDATE:
		apply_update(corridor, command);
		break;
	case COMMAND_CREATE:
		apply_create(corridor, command);
		break;
	case COMMAND_DELETE:
		apply_delete(corridor, command);
		break;
	case COMMAND_SIGN:
		apply_sign(corridor, command);
		break;
	case COMMAND_CANCEL:
		apply_cancel(corridor, command);
		break;
	case COMMAND_SILENCE:
		apply_silence(corridor, command);
		break;
	case COMMAND_EXPIRE:
		apply_expire(corridor, command);
		break;
	case COMMAND_MOVE:
		corridor_move(corridor, command);
		break;
	case COMMAND_STATS:
		apply_stats(corridor, command);
		break;
	case COMMAND_WAIT:
		return apply_wait(corridor, command);
	case COMMAND_WATCH_JOB:
		return corridor_watch_job(corridor, command);
	case COMMAND_WATCH_JOBS:
		return corridor_watch_jobs(corridor, command);
	case COMMAND_FORGET_PEER:
	case COMMAND_RECHECK:
	case COMMAND_HEAR:
		break;
	}
	return true;
}
