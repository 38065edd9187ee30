/* How much goes into one answer, and how it is put together. */
#include "service/corridor_draft.h"

#include <progress/v1/job.pb-c.h>

#include "service/corridor_apply.h"
#include "wire/compose.h"
#include "wire/info.h"

enum { ANSWER_BYTES_MAX = 900000 /* so that the reply stays within 1 MiB */ };

struct draft draft_begin(struct corridor *corridor, struct command *command)
{
	struct draft draft = {.corridor = corridor, .command = command, .token = command->watch.token};
	if (draft.token.epoch != corridor->options.epoch || command->watch.is_first)
		draft.token.moved = feed_history_position(&corridor->feed->moves);
	draft.token.epoch = corridor->options.epoch;
	return draft;
}

bool draft_has_room(const struct draft *draft, size_t event_bytes)
{
	bool is_first = draft->count == 0;
	size_t wanted = draft->command->call->answer_bytes_max;
	size_t bytes_max = wanted > 0 && wanted < ANSWER_BYTES_MAX ? wanted : ANSWER_BYTES_MAX;
	return is_first || (draft->count < CORRIDOR_EVENTS_MAX && draft->bytes + event_bytes <= bytes_max);
}

void draft_add(struct draft *draft, struct wire_bytes event, uint64_t merged)
{
	draft->corridor->events[draft->count++] = (struct compose_part){event, merged};
	draft->bytes += event.length;
}

void draft_add_change(struct draft *draft, const struct feed_change *change, uint64_t merged)
{
	draft_add(draft, (struct wire_bytes){change->event, change->event_bytes}, merged);
}

void draft_finish(struct draft *draft)
{
	struct command *command = draft->command;
	struct call *call = command->call;
	char text[WATCH_TOKEN_BYTES];
	if (draft->is_broken)
		return;
	watch_token_write(&draft->token, text);
	(void)!compose_page(draft->corridor->events, draft->count, text, draft->is_resync, call->arena, &call->response,
	                    command->fault);
}

bool draft_seal_snapshot(struct draft *draft, const struct job *job, struct wire_bytes *ret_event)
{
	const struct corridor *corridor = draft->corridor;
	struct arena *arena = &draft->corridor->arena;
	struct fault *fault = draft->command->fault;
	struct wire_bytes info;
	struct info_moment moment = corridor_moment(corridor);
	bool is_sealed =
	    info_seal(job, &job->view, &moment, arena, &info, fault) == ERR_OK &&
	    compose_event(info, 0, PROGRESS__V1__EVENT_KIND__EVENT_KIND_SNAPSHOT, NULL, arena, ret_event, fault) == ERR_OK;
	draft->is_broken = !is_sealed;
	return is_sealed;
}

bool draft_must_wait(struct corridor *corridor, struct command *command)
{
	if (corridor->change_count == 0)
		return false;
	list_append(&corridor->deferred, &command->link);
	return true;
}

bool draft_pause(struct corridor *corridor, struct command *command, bool is_up_to_date)
{
	command->watch.is_up_to_date = is_up_to_date;
	return corridor_pause(corridor, command);
}

void draft_skip_what_was_quiet(const struct corridor *corridor, struct command *command)
{
	struct watch_token *token = &command->watch.token;
	if (!command->watch.is_up_to_date)
		return;
	command->watch.is_up_to_date = false;
	token->epoch = corridor->options.epoch;
	token->position = command->waiter.quiet_until;
}
