/* What callbacks are told, and what a batch that was refused as a whole means for its updates. */
#include <stdio.h>
#include <string.h>

#include "channel.h"
#include "error.h"
#include "gather.h"
#include "progress.h"
#include "report_thread.h"
#include "steady.h"

enum { ASK_MS = 1000 };

static _Thread_local const struct gather *calling; /* whose callback the thread is in; NULL: in none */

bool gather_is_in_callback(const struct gather *gather)
{
	return calling == gather;
}

static void set_trouble(struct gather_trouble *trouble, enum prg_code code, const char *reason, const char *text)
{
	trouble->code = code;
	snprintf(trouble->reason, sizeof trouble->reason, "%s", reason);
	snprintf(trouble->text, sizeof trouble->text, "%s", text);
}

static void note_failure(struct gather *gather, const struct prg_result *result)
{
	pthread_mutex_lock(&gather->lock);
	if (gather->failure.code == PRG_OK)
		set_trouble(&gather->failure, result->code, result->reason, result->error);
	pthread_mutex_unlock(&gather->lock);
}

void gather_give(struct gather *gather, struct parcel *parcel, struct order *order, struct prg_result *result)
{
	order->is_over = true;
	result->job_id = parcel_job_id(parcel, order);
	if (order->callback == NULL) {
		if (result->code != PRG_OK)
			note_failure(gather, result);
		return;
	}
	calling = gather;
	order->callback(result, order->context);
	calling = NULL;
}

void gather_give_error(struct gather *gather, struct parcel *parcel, struct order *order)
{
	struct gather_trouble trouble;
	set_trouble(&trouble, error_code(), prg_error_reason(), prg_error());
	struct prg_result result = {.code = trouble.code, .reason = trouble.reason, .error = trouble.text};
	gather_give(gather, parcel, order, &result);
	/* The callback may have made calls of its own; the next order gets the same error. */
	error_set(trouble.code, trouble.reason, "%s", trouble.text);
}

/* With the lock, which is released for each order. */
static void end_parcel(struct gather *gather, struct parcel *parcel)
{
	for (size_t i = parcel->first; i < parcel->count; i++) {
		if (parcel->orders[i].is_over)
			continue;
		pthread_mutex_unlock(&gather->lock);
		gather_give_error(gather, parcel, &parcel->orders[i]);
		pthread_mutex_lock(&gather->lock);
	}
}

void gather_end_all(struct gather *gather)
{
	struct queue *queue = &gather->queue;
	queue_seal(queue);
	if (queue->leaving != NULL)
		end_parcel(gather, queue->leaving);
	for (struct parcel *parcel = queue->first_waiting; parcel != NULL && parcel->is_sealed; parcel = parcel->next)
		end_parcel(gather, parcel);
	gather_settle(gather);
}

/* Has the callback of prg_on_cancel told of a job; only its name is known, so the service is asked for the rest. */
static void ask_for_cancel(struct gather *gather, const struct prg_result *result)
{
	struct prg_progress *progress;
	if (!result->cancel_requested || !report_thread_asks(gather->client, result->job_id, result->revision))
		return;
	channel_use_deadline(steady_now_ms() + ASK_MS);
	if (prg_get_progress(gather->client, result->job_id, &progress) != PRG_OK)
		return;
	report_thread_note_answer(gather->client, progress);
	prg_progress_free(progress);
}

static struct prg_progress *copy_progress(const struct prg_result *result, const Progress__V1__ProgressInfo *info)
{
	struct prg_progress *progress = progress_copy(info);
	if (progress == NULL)
		return NULL;
	progress->outcome = result->outcome;
	progress->durability = result->durability;
	return progress;
}

static void give_one(struct gather *gather, struct parcel *parcel, struct order *order,
                     const Progress__V1__BatchResult *from, enum prg_durability durability)
{
	struct prg_result result = {
	    .code = from->code == PRG_OK ? PRG_OK : channel_known_code(from->code),
	    .error = from->message,
	    .reason = from->reason,
	    .revision = from->revision,
	    .cancel_requested = from->cancel_requested,
	    .outcome = (enum prg_outcome)from->outcome,
	    .durability = durability,
	};
	struct prg_progress *progress = NULL;
	if (from->progress_info != NULL && order->wants_progress && result.code == PRG_OK)
		progress = copy_progress(&result, from->progress_info);
	result.progress = progress;
	gather_give(gather, parcel, order, &result);
	report_thread_note_answer(gather->client, progress);
	prg_progress_free(progress);
	ask_for_cancel(gather, &result);
}

static size_t count_sent(const struct queue *queue)
{
	size_t count = 0;
	for (size_t i = 0; i < queue->sent_end; i++)
		count += queue->leaving->orders[i].is_sent;
	return count;
}

static void give_results(struct gather *gather, const struct trip_answer *answer)
{
	Progress__V1__BatchResult **next = answer->response->results;
	const struct queue *queue = &gather->queue;
	for (size_t i = 0; i < queue->sent_end; i++) {
		struct order *order = &queue->leaving->orders[i];
		if (order->is_sent && !order->is_over)
			give_one(gather, queue->leaving, order, *next, answer->durability);
		next += order->is_sent;
	}
}

void gather_give_errors(struct gather *gather)
{
	const struct queue *queue = &gather->queue;
	for (size_t i = 0; i < queue->sent_end; i++)
		if (queue->leaving->orders[i].is_sent && !queue->leaving->orders[i].is_over)
			gather_give_error(gather, queue->leaving, &queue->leaving->orders[i]);
}

/* A service that stops answers each update by itself. */
static bool are_all_unavailable(const Progress__V1__BatchUpdateProgressResponse *response)
{
	for (size_t i = 0; i < response->n_results; i++)
		if (response->results[i]->code != PRG_UNAVAILABLE)
			return false;
	if (response->n_results > 0)
		error_set(PRG_UNAVAILABLE, response->results[0]->reason, "%s", response->results[0]->message);
	return response->n_results > 0;
}

/* A token that is good for some jobs only has a whole batch refused for one update of another. */
static bool may_pass_in_part(enum prg_code code)
{
	if (code == PRG_PERMISSION_DENIED)
		return strcmp(prg_error_reason(), "JOB_NOT_ALLOWED") == 0;
	return code != PRG_UNAUTHENTICATED && code != PRG_UNIMPLEMENTED;
}

bool gather_take_server(struct gather *gather, const uint8_t *bytes, size_t length)
{
	enum prg_code code = trip_open_server(bytes, length, gather->client);
	if (code == PRG_OK)
		return true;
	if (code == PRG_UNAVAILABLE && !gather->client->fail_fast) {
		set_trouble(&gather->trouble, code, prg_error_reason(), prg_error());
		return false;
	}
	gather_end_all(gather);
	return true;
}

bool gather_take_answer(struct gather *gather, const uint8_t *bytes, size_t length)
{
	size_t count = count_sent(&gather->queue);
	struct trip_answer answer;
	trip_open(bytes, length, count, &answer);
	bool is_away = answer.code == PRG_UNAVAILABLE || (answer.code == PRG_OK && are_all_unavailable(answer.response));
	bool is_taken = true;
	if (is_away && !gather->client->fail_fast) {
		set_trouble(&gather->trouble, PRG_UNAVAILABLE, prg_error_reason(), prg_error());
		is_taken = false;
	} else if (answer.code == PRG_OK) {
		gather->trouble.code = PRG_OK;
		if (gather->portion_max < PARCEL_ORDERS_MAX)
			gather->portion_max *= 2;
		give_results(gather, &answer);
	} else if (count > 1 && may_pass_in_part(answer.code)) {
		/* One bad update spoils its whole batch: the others must not suffer, so it is looked for by halves. */
		gather->portion_max = count / 2;
	} else {
		gather_give_errors(gather);
	}
	if (answer.response != NULL)
		progress__v1__batch_update_progress_response__free_unpacked(answer.response, NULL);
	return is_taken;
}
