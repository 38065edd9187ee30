/* What the files of this room share: the parts a job owns. All return false when there is no memory. */
#ifndef JOB_PARTS_H
#define JOB_PARTS_H

#include "job/job.h"

/* Replaces *string by a copy of `text`; NULL or empty text makes it NULL. */
bool part_set_string(char **string, const char *text) MUST_USE;

/* Copies a view with its strings; `to` must own nothing. On failure `to` owns nothing. */
bool part_copy_view(struct job_view *to, const struct job_view *from) MUST_USE;

/* Frees what a view owns, not the view. */
void part_finish_view(struct job_view *view);

/* Frees what a mark owns, not the mark. */
void part_finish_mark(struct job_mark *mark);

/* How many entries the job would have after a merge, or that nothing would change. */
struct part_merge {
	size_t count;
	bool is_change;
};
struct part_merge part_plan_merge(const struct job *job, const struct job_entry *entries, size_t count);

/* Merges entries into the job's, keeping them sorted. After a failure some may be merged. */
bool part_merge(struct job *job, const struct job_entry *entries, size_t count) MUST_USE;

/* Remembers what `origin` did at the job's present revision. Call after the change. */
bool part_mark(struct job *job, const struct job_origin *origin, enum job_outcome outcome) MUST_USE;

/* Before the job changes: lets the marks that are answered by the job's present state keep a copy of it, except that of
 * `origin`, which is about to be replaced. */
bool part_keep_answers(struct job *job, const struct job_origin *origin) MUST_USE;

/* Whether the writer of `origin` has made a later update than this. */
bool part_is_overtaken(const struct job *job, const struct job_origin *origin);

/* Appends a stay in a stage, forgetting the oldest when there are too many. */
bool part_add_span(struct job *job, const struct job_span *span) MUST_USE;

#endif
