/*
 * Watching many jobs.
 *
 * The snapshot of many jobs comes in pages, from the newest job to the oldest. A page is preceded by the changes since
 * the page before of those jobs that were told of already; those of the others are in the pages still to come.
 */
#include <progress/v1/job.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "service/answer.h"
#include "service/corridor_apply.h"
#include "service/corridor_draft.h"
#include "service/corridor_news.h"
#include "wire/compose.h"
#include "wire/info.h"

enum {
	PAGE_JOBS_MAX = 500, /* of a snapshot, in one answer */
	STRETCH_MAX = 20000, /* changes looked at together */
	RESTARTS_MAX = 3,
	PAGE_STEPS_MAX = 2500, /* of the bars' lattices, some microseconds each, for one page */
};

static bool concerns(const struct draft *draft, const struct feed_change *change)
{
	return change->row >= draft->token.row && feed_filter_lets_pass(&draft->command->watch.filter, &change->facts);
}

static const struct feed_memory *change_at(const struct draft *draft, uint64_t position)
{
	return feed_history_at(&draft->corridor->feed->history, position);
}

/* Whether a later change of the same job in this stretch makes this one superfluous. */
static bool is_merged(const struct draft *draft, const struct feed_memory *memory)
{
	if (!draft->command->watch.is_latest_only || memory->change.is_end || memory->change.is_removal)
		return false;
	bool has_next = memory->next_position != 0 && memory->next_position <= draft->token.stretch_end;
	return has_next && concerns(draft, &change_at(draft, memory->next_position)->change);
}

/* How many changes of this stretch are merged into this one of the same job. */
static uint64_t count_merged(const struct draft *draft, const struct feed_memory *memory)
{
	const struct feed_history *history = &draft->corridor->feed->history;
	uint64_t merged = 0;
	while (memory->previous_position > draft->token.stretch_start && memory->previous_position >= history->first) {
		memory = change_at(draft, memory->previous_position);
		if (!concerns(draft, &memory->change) || !is_merged(draft, memory))
			break;
		merged++;
	}
	return merged;
}

/* Changes are merged within a stretch of the history. An answer may end in the middle of one; the token keeps its
 * bounds, so that the next answer knows what has been merged into what it tells. */
static void begin_stretch(struct draft *draft, uint64_t latest)
{
	struct watch_token *token = &draft->token;
	token->stretch_start = token->position;
	token->stretch_end = latest - token->position > STRETCH_MAX ? token->position + STRETCH_MAX : latest;
}

/* Tells of the changes up to the end of the stretch, of jobs at or above the token's row. False: there was no room for
 * all. */
static bool tell_stretch(struct draft *draft)
{
	for (; draft->token.position < draft->token.stretch_end; draft->token.position++) {
		const struct feed_memory *memory = change_at(draft, draft->token.position + 1);
		if (!concerns(draft, &memory->change) || is_merged(draft, memory))
			continue;
		if (!draft_has_room(draft, memory->change.event_bytes))
			return false;
		draft_add_change(draft, &memory->change, count_merged(draft, memory));
	}
	return true;
}

/* Tells of the changes after the token's position. Returns whether all were told. */
static bool tell_changes_of_many(struct draft *draft)
{
	uint64_t latest = feed_history_position(&draft->corridor->feed->history);
	const struct watch_token *token = &draft->token;
	bool is_within_stretch =
	    token->stretch_start <= token->position && token->position < token->stretch_end && token->stretch_end <= latest;
	if (is_within_stretch && !tell_stretch(draft))
		return false;
	begin_stretch(draft, latest);
	return tell_stretch(draft) && token->position == latest;
}

/* Whether the movement tells of the job as all changes have left it. */
static bool is_of_latest(const struct draft *draft, const struct feed_change *movement)
{
	const struct feed_memory *latest = feed_history_latest(&draft->corridor->feed->history, movement->facts.job_id);
	return latest == NULL || (!latest->change.is_removal && latest->change.revision == movement->revision &&
	                          latest->change.row == movement->row);
}

/* Tells of the latest movement of each job, once all changes are told. Those of a job are superfluous but for the last.
 */
static void tell_movements(struct draft *draft)
{
	const struct feed_history *moves = &draft->corridor->feed->moves;
	uint64_t latest = feed_history_position(moves);
	struct watch_token *token = &draft->token;
	if (token->moved < moves->first - 1 || token->moved > latest)
		token->moved = moves->first - 1;
	for (; token->moved < latest; token->moved++) {
		const struct feed_memory *memory = feed_history_at(moves, token->moved + 1);
		bool is_told = memory->next_position == 0 && is_of_latest(draft, &memory->change) &&
		               feed_filter_lets_pass(&draft->command->watch.filter, &memory->change.facts);
		if (is_told && !draft_has_room(draft, memory->change.event_bytes))
			return;
		if (is_told)
			draft_add_change(draft, &memory->change, 0);
	}
}

/* Tells of a job in a page of the snapshot. False: there is no room or time for it, or no memory. */
static bool tell_job(struct draft *draft, const struct job *job)
{
	struct wire_bytes event;
	bool is_in_time = draft->count == 0 || draft->steps < PAGE_STEPS_MAX;
	draft->steps += pace_steps(job, corridor_now_s(draft->corridor));
	bool is_sealed = is_in_time && draft_seal_snapshot(draft, job, &event);
	draft->is_page_cut = !is_sealed || !draft_has_room(draft, event.length);
	if (draft->is_page_cut)
		return false;
	draft_add(draft, event, 0);
	corridor_mind_watched(draft->corridor, job);
	return true;
}

static bool visit_for_snapshot(const struct store_record *record, int64_t row, void *context)
{
	struct draft *draft = context;
	struct job *job = NULL;
	if (listed_open(record, draft->corridor->options.on_unreadable, &job, draft->command->fault) != ERR_OK) {
		draft->is_broken = true;
		return false;
	}
	if (job != NULL) {
		bool is_told = tell_job(draft, job);
		job_destroy(job);
		if (!is_told)
			return false;
	}
	draft->token.row = row;
	draft->page_rows++;
	return true;
}

static bool is_below_row(const struct draft *draft, const struct store_load *load)
{
	return load->found && load->row < draft->token.row;
}

static int compare_rows(const void *left, const void *right)
{
	const struct store_load *a = left, *b = right;
	return (a->row < b->row) - (a->row > b->row);
}

/* Whether the job passes the filter now. */
static bool passes(const struct feed_filter *filter, const struct job *job)
{
	struct feed_facts facts = {.job_id = job->job_id,
	                           .pipeline = job->pipeline,
	                           .parent = job->parent,
	                           .state = (int)job->view.state,
	                           .stage = job->view.stage};
	return feed_filter_lets_pass(filter, &facts);
}

/* Tells of a loaded job if it passes. False: there is no room for it, or no memory. */
static bool tell_loaded(struct draft *draft, const struct store_load *load)
{
	struct job *job = NULL;
	struct store_record record = {
	    .job_id = load->job_id, .payload = load->payload, .payload_bytes = load->payload_bytes};
	if (listed_open(&record, draft->corridor->options.on_unreadable, &job, draft->command->fault) != ERR_OK) {
		draft->is_broken = true;
		return false;
	}
	bool is_told = job == NULL || !passes(&draft->command->watch.filter, job) || tell_job(draft, job);
	job_destroy(job);
	return is_told;
}

/* The next page of the snapshot of some jobs that the watcher has named, in the order of their rows, too. */
static void tell_some(struct draft *draft)
{
	const struct feed_filter *filter = &draft->command->watch.filter;
	struct store_load *loads = arena_take_zeroed(&draft->corridor->arena, filter->job_id_count * sizeof *loads);
	struct fault *fault = draft->command->fault;
	if (loads == NULL) {
		draft->is_broken = true;
		answer_set_full(fault);
		return;
	}
	for (size_t i = 0; i < filter->job_id_count; i++)
		loads[i].job_id = filter->job_ids[i];
	if (store_load_all(draft->corridor->store, loads, filter->job_id_count, fault) != ERR_OK) {
		draft->is_broken = true;
		return;
	}
	qsort(loads, filter->job_id_count, sizeof *loads, compare_rows);
	bool goes_on = true;
	for (size_t i = 0; i < filter->job_id_count; i++) {
		if (goes_on && is_below_row(draft, &loads[i])) {
			goes_on = tell_loaded(draft, &loads[i]);
			if (goes_on)
				draft->token.row = loads[i].row;
		}
		free(loads[i].payload);
	}
	if (goes_on)
		draft->token.row = 0;
}

/* Where the answer was before a page. */
struct page_start {
	size_t count;
	size_t bytes;
	int64_t row;
};

static void take_page_out(struct draft *draft, const struct page_start *start, size_t page_end)
{
	struct compose_part *events = draft->corridor->events;
	for (size_t i = start->count; i < page_end; i++)
		draft->bytes -= events[i].bytes.length;
	memmove(&events[start->count], &events[page_end], (draft->count - page_end) * sizeof *events);
	draft->count -= page_end - start->count;
	draft->token.row = start->row;
}

/* The page shows what other instances have committed while it was made. Up to that moment the changes of the jobs that
 * were told of already go into the same answer; when there is no room for all of them, the page comes later. */
static void catch_up(struct draft *draft, const struct page_start *start)
{
	size_t page_end = draft->count;
	int64_t row = draft->token.row;
	draft->must_restart = !corridor_hear(draft->corridor, STORE_HEAR_SHOWN);
	if (draft->must_restart)
		return;
	draft->token.row = start->row;
	bool are_all_told = tell_changes_of_many(draft);
	draft->token.row = row;
	if (!are_all_told)
		take_page_out(draft, start, page_end);
}

/* The next page of the snapshot of all jobs that pass the filter. */
static void tell_listed(struct draft *draft)
{
	const struct feed_filter *filter = &draft->command->watch.filter;
	uint64_t live = UINT64_C(1) << JOB_STATE_ACTIVE | UINT64_C(1) << JOB_STATE_STALLED;
	struct store_query query = {
	    .states = filter->states != 0 ? filter->states : live,
	    .stages = filter->stages,
	    .pipeline = filter->pipeline,
	    .parent = filter->parent,
	    .job_id_prefix = filter->job_id_prefix,
	    .limit = PAGE_JOBS_MAX,
	    .before_row = draft->token.row == INT64_MAX ? 0 : draft->token.row,
	};
	struct store_place place = {0};
	bool is_shared = store_is_shared(draft->corridor->store);
	query.place = is_shared ? &place : NULL;
	draft->page_rows = 0;
	if (store_list(draft->corridor->store, &query, visit_for_snapshot, draft, draft->command->fault) != ERR_OK)
		draft->is_broken = true;
	else if (!draft->is_page_cut && (is_shared || draft->page_rows < PAGE_JOBS_MAX))
		draft->token.row = place.next_row;
}

/* The next page of the snapshot, below the token's row. It shows how far its jobs have moved: movements of before it
 * would go back. */
static void tell_page(struct draft *draft)
{
	struct page_start start = {draft->count, draft->bytes, draft->token.row};
	if (draft->command->watch.filter.job_id_count > 0)
		tell_some(draft);
	else
		tell_listed(draft);
	if (!draft->is_broken && store_is_shared(draft->corridor->store))
		catch_up(draft, &start);
	draft->token.moved = feed_history_position(&draft->corridor->feed->moves);
}

/* Starts with a snapshot when there is no place to go on from. */
static void choose_start(struct draft *draft)
{
	const struct corridor *corridor = draft->corridor;
	const struct command *command = draft->command;
	const struct watch_token *token = &command->watch.token;
	bool is_known =
	    token->epoch == corridor->options.epoch && feed_history_reaches(&corridor->feed->history, token->position);
	if (!command->watch.is_first && is_known)
		return;
	draft->is_resync = !command->watch.is_first;
	draft->token.position = feed_history_position(&corridor->feed->history);
	draft->token.row = INT64_MAX;
}

/* Whether the page had nothing to tell, because a shared store looks at a few rows at a time, and there are more. */
static bool may_go_on(const struct draft *draft, size_t count_before)
{
	return draft->token.row != 0 && draft->count == count_before && store_is_shared(draft->corridor->store) &&
	       !draft->is_broken && !draft->must_restart && !draft->is_page_cut;
}

/* False: it was restarted too often; the command has its fault. */
static bool restart(struct corridor *corridor, struct command *command)
{
	if (command->tries++ < RESTARTS_MAX) {
		list_append(&corridor->deferred, &command->link);
		return true;
	}
	fault_set(command->fault, ERR_UNAVAILABLE, "STORE_UNREADY", "store: what other instances do cannot be heard");
	return false;
}

bool corridor_watch_jobs(struct corridor *corridor, struct command *command)
{
	if (draft_must_wait(corridor, command))
		return false;
	draft_skip_what_was_quiet(corridor, command);
	struct draft draft = draft_begin(corridor, command);
	choose_start(&draft);
	bool are_all_told = tell_changes_of_many(&draft);
	size_t count_before;
	bool is_in_snapshot = draft.token.row != 0;
	do {
		count_before = draft.count;
		if (are_all_told && draft.token.row != 0)
			tell_page(&draft);
	} while (may_go_on(&draft, count_before));
	if (draft.must_restart)
		return !restart(corridor, command);
	if (are_all_told && !is_in_snapshot)
		tell_movements(&draft);
	corridor_mind_watcher_of_many(corridor);
	bool is_snapshot_over = draft.token.row == 0;
	bool has_news = draft.count > 0 || draft.is_resync || command->watch.is_first || !are_all_told || !is_snapshot_over;
	bool may_wait = !command->pause.is_over && command->pause.timeout_ms > 0;
	if (!has_news && may_wait && !draft.is_broken) {
		command->watch.token = draft.token;
		return draft_pause(corridor, command, true);
	}
	draft_finish(&draft);
	return true;
}
