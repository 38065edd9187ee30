/* The stays in stages that are over. */
#include <stdlib.h>
#include <string.h>

#include "job/parts.h"

bool part_add_span(struct job *job, const struct job_span *span)
{
	if (job->span_count == JOB_SPANS_MAX) {
		memmove(&job->spans[0], &job->spans[1], (JOB_SPANS_MAX - 1) * sizeof *job->spans);
		job->span_count--;
	}
	struct job_span *grown = realloc(job->spans, (job->span_count + 1) * sizeof *grown);
	if (grown == NULL)
		return false;
	job->spans = grown;
	grown[job->span_count++] = *span;
	return true;
}
