/*
 * What a job remembers of those who updated it, so that a repeat changes nothing and gets the first answer. A writer
 * has one mark, with its latest sequence and a window of the 64 before; a request_id has one, too. While the job has
 * not changed since, it is itself the answer; only when it moves on the mark keeps a copy of what was answered. So a
 * job with a single writer keeps no copies.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "job/parts.h"

enum { SEEN_BITS = 64 };

static bool is_given(const char *string)
{
	return string != NULL && *string != '\0';
}

/* The key of an origin, or NULL if nobody is named. */
static const char *origin_key(const struct job_origin *origin, bool *ret_is_request_id)
{
	*ret_is_request_id = is_given(origin->request_id);
	if (*ret_is_request_id)
		return origin->request_id;
	return is_given(origin->writer) ? origin->writer : NULL;
}

static struct job_mark *find_mark(const struct job *job, const struct job_origin *origin)
{
	bool is_request_id;
	const char *key = origin_key(origin, &is_request_id);
	if (key == NULL)
		return NULL;
	/* The latest is the likeliest. */
	for (size_t i = job->mark_count; i-- > 0;)
		if (job->marks[i].is_request_id == is_request_id && strcmp(job->marks[i].key, key) == 0)
			return &job->marks[i];
	return NULL;
}

static bool was_seen(const struct job_mark *mark, uint64_t sequence)
{
	uint64_t age = mark->sequence - sequence;
	return age >= SEEN_BITS || (mark->seen >> age & 1) != 0;
}

bool part_is_overtaken(const struct job *job, const struct job_origin *origin)
{
	const struct job_mark *mark = find_mark(job, origin);
	return mark != NULL && !mark->is_request_id && origin->sequence < mark->sequence;
}

bool job_find_repeat(const struct job *job, const struct job_origin *origin, struct job_result *ret_result)
{
	const struct job_mark *mark = find_mark(job, origin);
	if (mark == NULL)
		return false;
	bool is_latest = mark->is_request_id || origin->sequence == mark->sequence;
	if (!is_latest && (origin->sequence > mark->sequence || !was_seen(mark, origin->sequence)))
		return false;
	bool has_answer = is_latest && mark->answer != NULL;
	ret_result->outcome = JOB_OUTCOME_DUPLICATE;
	ret_result->view = has_answer ? mark->answer : &job->view;
	ret_result->previous_revision = ret_result->view->revision;
	ret_result->is_sign = false;
	return true;
}

static bool keep_answer(struct job_mark *mark, const struct job_view *view)
{
	mark->answer = malloc(sizeof *mark->answer);
	if (mark->answer != NULL && part_copy_view(mark->answer, view))
		return true;
	free(mark->answer);
	mark->answer = NULL;
	return false;
}

bool part_keep_answers(struct job *job, const struct job_origin *origin)
{
	const struct job_mark *own = find_mark(job, origin);
	for (size_t i = 0; i < job->mark_count; i++) {
		struct job_mark *mark = &job->marks[i];
		bool is_answered_by_job = mark->answer == NULL && mark->revision == job->view.revision;
		if (is_answered_by_job && mark != own && !keep_answer(mark, &job->view))
			return false;
	}
	return true;
}

/* Makes the mark the most recently used. */
static struct job_mark *move_last(struct job *job, struct job_mark *mark)
{
	struct job_mark moved = *mark;
	struct job_mark *last = &job->marks[job->mark_count - 1];
	memmove(mark, mark + 1, (size_t)(last - mark) * sizeof *mark);
	*last = moved;
	return last;
}

static struct job_mark *add_mark(struct job *job, const struct job_origin *origin)
{
	bool is_request_id;
	char *key = strdup(origin_key(origin, &is_request_id));
	if (key == NULL)
		return NULL;
	if (job->mark_count == JOB_MARKS_MAX) {
		part_finish_mark(&job->marks[0]);
		memmove(&job->marks[0], &job->marks[1], (JOB_MARKS_MAX - 1) * sizeof *job->marks);
		job->mark_count--;
	}
	struct job_mark *grown = realloc(job->marks, (job->mark_count + 1) * sizeof *grown);
	if (grown == NULL) {
		free(key);
		return NULL;
	}
	job->marks = grown;
	struct job_mark *mark = &grown[job->mark_count++];
	*mark = (struct job_mark){.key = key, .is_request_id = is_request_id};
	return mark;
}

static void see(struct job_mark *mark, uint64_t sequence)
{
	assert(sequence > mark->sequence);
	uint64_t step = sequence - mark->sequence;
	mark->seen = step >= SEEN_BITS ? 0 : mark->seen << step;
	mark->seen |= 1;
	mark->sequence = sequence;
}

bool part_mark(struct job *job, const struct job_origin *origin, enum job_outcome outcome)
{
	bool is_request_id;
	if (origin_key(origin, &is_request_id) == NULL)
		return true;
	struct job_mark *mark = find_mark(job, origin);
	mark = mark != NULL ? move_last(job, mark) : add_mark(job, origin);
	if (mark == NULL)
		return false;
	if (mark->answer != NULL)
		part_finish_view(mark->answer);
	free(mark->answer);
	mark->answer = NULL;
	mark->revision = job->view.revision;
	mark->outcome = outcome;
	if (!is_request_id)
		see(mark, origin->sequence);
	return true;
}
