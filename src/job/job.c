/* Making, copying and freeing jobs. */
#include "job/job.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "job/parts.h"

bool part_set_string(char **string, const char *text)
{
	char *copy = NULL;
	if (text != NULL && *text != '\0' && (copy = strdup(text)) == NULL)
		return false;
	free(*string);
	*string = copy;
	return true;
}

void part_finish_view(struct job_view *view)
{
	free(view->message);
	free(view->error);
	view->message = NULL;
	view->error = NULL;
}

bool part_copy_view(struct job_view *to, const struct job_view *from)
{
	*to = *from;
	to->message = NULL;
	to->error = NULL;
	if (part_set_string(&to->message, from->message) && part_set_string(&to->error, from->error))
		return true;
	part_finish_view(to);
	return false;
}

void part_finish_mark(struct job_mark *mark)
{
	free(mark->key);
	if (mark->answer != NULL)
		part_finish_view(mark->answer);
	free(mark->answer);
}

struct job *job_create_blank(void)
{
	return calloc(1, sizeof(struct job));
}

void job_destroy(struct job *job)
{
	if (job == NULL)
		return;
	part_finish_view(&job->view);
	for (size_t i = 0; i < job->metadata_count; i++) {
		free(job->metadata[i].key);
		free(job->metadata[i].value);
	}
	for (size_t i = 0; i < job->mark_count; i++)
		part_finish_mark(&job->marks[i]);
	free(job->metadata);
	free(job->spans);
	free(job->marks);
	free(job->cancel_reason);
	free(job);
}

static void copy_name(char to[JOB_ID_BYTES_MAX + 1], const char *name)
{
	size_t length = name != NULL ? strlen(name) : 0;
	assert(length <= JOB_ID_BYTES_MAX);
	memcpy(to, length > 0 ? name : "", length);
	to[length] = '\0';
}

/* A job that nobody has seen yet, in the first stage at revision 0. */
static bool fill_unborn(struct job *job, const struct job_creation *creation, int64_t now_ms)
{
	bool has_pipeline = creation->pipeline != NULL && *creation->pipeline != '\0';
	copy_name(job->job_id, creation->job_id);
	copy_name(job->pipeline, has_pipeline ? creation->pipeline : JOB_PIPELINE_DEFAULT);
	copy_name(job->parent, creation->parent);
	job->created_ms = now_ms;
	job->ttl_ms = creation->ttl_ms;
	job->lost_after_ms = creation->lost_after_ms;
	job->signed_ms = now_ms;
	job->pace.size_hint = creation->size_hint;
	job->pace.worker = learned_key(creation->worker);
	job->pace.class = learned_key(creation->class);
	job->view = (struct job_view){
	    .stage = stages_all()->number,
	    .percent = stages_all()->start_percent,
	    .reached_percent = stages_all()->start_percent,
	    .state = JOB_STATE_ACTIVE,
	    .source = JOB_SOURCE_MEASURED,
	    .attempt = 1,
	    .run = 1,
	    .updated_ms = now_ms,
	    .stage_entered_ms = now_ms,
	};
	return part_set_string(&job->view.message, creation->message) &&
	       part_merge(job, creation->metadata, creation->metadata_count);
}

static enum err bear(struct job *job, const struct job_creation *creation, const struct job_update *first,
                     int64_t now_ms, struct fault *fault)
{
	if (job == NULL || !fill_unborn(job, creation, now_ms))
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for a new job");
	if (job->metadata_count > JOB_METADATA_ENTRIES_MAX)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "METADATA_FULL", "metadata: a job has at most %d entries",
		                 JOB_METADATA_ENTRIES_MAX);
	if (first != NULL) {
		struct job_result result;
		return job_apply(job, first, now_ms, &result, fault);
	}
	job->view.revision = 1;
	if (!part_mark(job, &creation->origin, JOB_OUTCOME_APPLIED))
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for a new job");
	return ERR_OK;
}

enum err job_create(const struct job_creation *creation, const struct job_update *first, int64_t now_ms,
                    struct job **ret_job, struct fault *fault)
{
	struct job *job = job_create_blank();
	enum err err = bear(job, creation, first, now_ms, fault);
	if (err != ERR_OK) {
		job_destroy(job);
		return err;
	}
	assert(job->view.revision == 1);
	*ret_job = job;
	return ERR_OK;
}

static bool copy_metadata(struct job *to, const struct job *from)
{
	return part_merge(to, from->metadata, from->metadata_count);
}

static bool copy_spans(struct job *to, const struct job *from)
{
	for (size_t i = 0; i < from->span_count; i++)
		if (!part_add_span(to, &from->spans[i]))
			return false;
	return true;
}

static bool copy_answer(struct job_mark *to, const struct job_view *answer)
{
	if (answer == NULL)
		return true;
	to->answer = malloc(sizeof *to->answer);
	if (to->answer != NULL && part_copy_view(to->answer, answer))
		return true;
	free(to->answer);
	to->answer = NULL;
	return false;
}

static bool copy_marks(struct job *to, const struct job *from)
{
	if (from->mark_count == 0)
		return true;
	to->marks = calloc(from->mark_count, sizeof *to->marks);
	if (to->marks == NULL)
		return false;
	for (size_t i = 0; i < from->mark_count; i++) {
		struct job_mark *mark = &to->marks[to->mark_count];
		*mark = from->marks[i];
		mark->answer = NULL;
		mark->key = strdup(from->marks[i].key);
		if (mark->key == NULL)
			return false;
		to->mark_count++;
		if (!copy_answer(mark, from->marks[i].answer))
			return false;
	}
	return true;
}

struct job *job_copy(const struct job *job)
{
	struct job *copy = job_create_blank();
	if (copy == NULL)
		return NULL;
	memcpy(copy->job_id, job->job_id, sizeof copy->job_id);
	memcpy(copy->pipeline, job->pipeline, sizeof copy->pipeline);
	memcpy(copy->parent, job->parent, sizeof copy->parent);
	copy->cancel_requested = job->cancel_requested;
	copy->created_ms = job->created_ms;
	copy->ttl_ms = job->ttl_ms;
	copy->lease_ms = job->lease_ms;
	copy->lost_after_ms = job->lost_after_ms;
	copy->signed_ms = job->signed_ms;
	copy->pace = job->pace;
	if (part_copy_view(&copy->view, &job->view) && part_set_string(&copy->cancel_reason, job->cancel_reason) &&
	    copy_metadata(copy, job) && copy_spans(copy, job) && copy_marks(copy, job))
		return copy;
	job_destroy(copy);
	return NULL;
}

int job_shown_percent(double percent)
{
	/* 5 + 0.28 * 25 is 11.999…: what is a whole number but for the rounding of doubles shall be shown as one. */
	return (int)floor(percent + 1e-9);
}

int64_t job_expires_ms(const struct job *job, int64_t default_ttl_ms)
{
	if (!job_state_is_final(job->view.state))
		return 0;
	return job->view.ended_ms + (job->ttl_ms > 0 ? job->ttl_ms : default_ttl_ms);
}
