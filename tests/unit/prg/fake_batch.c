/* Results follow the names of the jobs, so that one batch can have different ones. */
#include "fake_batch.h"

#include <stdlib.h>
#include <string.h>

#include "must.h"

static const char *job_of(const ProtobufCMessage *update)
{
	return ((const Progress__V1__UpdateProgressRequest *)update)->job_id; /* field 1 of all of them */
}

bool fake_batch_part(const ProtobufCMessage *request, size_t index, struct fake_part *ret_part)
{
	static const char *const methods[] = {"", "UpdateProgress", "UpdateProgressByStatus", "UpdateProgressExplicit",
	                                      "UpdateProgressIncremental"};
	if (request->descriptor != &progress__v1__batch_update_progress_request__descriptor)
		return false;
	const Progress__V1__BatchUpdateProgressRequest *batch = (const void *)request;
	if (index >= batch->n_updates)
		return false;
	const Progress__V1__BatchUpdate *part = batch->updates[index];
	MUST(part->update_case >= 1 && part->update_case <= 4);
	ret_part->method = methods[part->update_case];
	ret_part->update = &part->update_progress->base;
	return true;
}

int fake_batch_refusal(const ProtobufCMessage *request, const char **ret_reason)
{
	struct fake_part part;
	for (size_t i = 0; fake_batch_part(request, i, &part); i++) {
		bool is_foreign = strcmp(job_of(part.update), FAKE_FOREIGN_JOB) == 0;
		*ret_reason = is_foreign ? "JOB_NOT_ALLOWED" : "MESSAGE_INVALID";
		if (is_foreign || strcmp(job_of(part.update), FAKE_POISON_JOB) == 0)
			return is_foreign ? FAKE_FOREIGN_CODE : FAKE_POISON_CODE;
	}
	return 0;
}

static void fill_result(Progress__V1__BatchResult *result, const char *job_id, struct fake_plan *plan)
{
	static char message[] = "not now", reason[] = "STAGE_REGRESSION";
	progress__v1__batch_result__init(result);
	bool is_refused = strcmp(job_id, FAKE_REFUSED_JOB) == 0;
	if (is_refused || plan->stopping) {
		result->code = is_refused ? FAKE_REFUSED_CODE : PRG_UNAVAILABLE;
		result->message = message;
		result->reason = reason;
		return;
	}
	result->outcome = PROGRESS__V1__UPDATE_OUTCOME__UPDATE_OUTCOME_APPLIED;
	result->revision = ++plan->revision;
	result->cancel_requested = plan->cancel_asked;
}

uint8_t *fake_batch_pack(const ProtobufCMessage *request, struct fake_plan *plan, Progress__V1__ProgressInfo *info,
                         size_t *ret_bytes)
{
	const Progress__V1__BatchUpdateProgressRequest *batch = (const void *)request;
	Progress__V1__BatchUpdateProgressResponse response = PROGRESS__V1__BATCH_UPDATE_PROGRESS_RESPONSE__INIT;
	Progress__V1__BatchResult *results = calloc(batch->n_updates + 1, sizeof *results);
	response.results = calloc(batch->n_updates + 1, sizeof(Progress__V1__BatchResult *));
	MUST(results != NULL && response.results != NULL);
	struct fake_part part;
	for (; fake_batch_part(request, response.n_results, &part); response.n_results++) {
		Progress__V1__BatchResult *result = &results[response.n_results];
		fill_result(result, job_of(part.update), plan);
		if (!batch->omit_progress_info)
			result->progress_info = info;
		response.results[response.n_results] = result;
	}
	plan->stopping = plan->stopping && --plan->failures_left > 0;
	uint8_t *bytes = malloc(progress__v1__batch_update_progress_response__get_packed_size(&response) + 1);
	MUST(bytes != NULL);
	*ret_bytes = progress__v1__batch_update_progress_response__pack(&response, bytes);
	free(response.results);
	free(results);
	return bytes;
}
