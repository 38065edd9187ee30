/*
 * A job and the rules of its progress. Pure: no I/O, no clock (time is an argument), no protobuf. The rules:
 *
 *  - shown progress is a whole number from 0 to 100 and never goes down within one (attempt, run);
 *  - stages follow the order of the schema within their flow; an earlier one is refused;
 *  - a stage that ends the job is final; only the posting flow may start after a job that succeeded in the main flow,
 * as a new run of the bar;
 *  - a late or repeated report is absorbed; the same (writer, sequence) or request_id changes nothing and gets the
 * first answer;
 *  - an older attempt is fenced; a newer one starts the bar anew.
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/limits.h"
#include "job/pace.h"
#include "job/stages.h"

/* The pipeline of a job that names none. */
#define JOB_PIPELINE_DEFAULT "default"

/* Numbers as in the schema. */
enum job_source { JOB_SOURCE_UNSPECIFIED, JOB_SOURCE_MEASURED, JOB_SOURCE_ESTIMATED, JOB_SOURCE_SIMULATED };
enum job_outcome { JOB_OUTCOME_UNSPECIFIED, JOB_OUTCOME_APPLIED, JOB_OUTCOME_ABSORBED, JOB_OUTCOME_DUPLICATE };
enum span_outcome {
	SPAN_OUTCOME_UNSPECIFIED,
	SPAN_OUTCOME_RUNNING,
	SPAN_OUTCOME_FINISHED,
	SPAN_OUTCOME_FAILED,
	SPAN_OUTCOME_CANCELLED,
	SPAN_OUTCOME_SUPERSEDED,
};

struct job_entry {
	char *key;
	char *value;
};

/* A stay in a stage that is over. */
struct job_span {
	int stage;
	uint32_t attempt;
	uint32_t run;
	int64_t started_ms;
	int64_t ended_ms;
	enum span_outcome outcome;
};

/* The part of a job that an update changes and an answer shows; remembered for repeats. Times in ms since the epoch. */
struct job_view {
	int stage;              /* number of the schema's enum */
	double percent;         /* unrounded, 0 to 100; 0 when failed or cancelled */
	double reached_percent; /* highest of this attempt and run */
	char *message;          /* owned; NULL: empty */
	char *error;            /* owned; NULL: empty */
	enum job_state state;
	enum job_source source;
	uint32_t attempt; /* from 1 */
	uint32_t run;     /* from 1 */
	int64_t updated_ms;
	int64_t ended_ms; /* 0: under way */
	int64_t stage_entered_ms;
	double done; /* last reported in this stage; total 0: none */
	double total;
	uint64_t revision;    /* from 1; each visible change adds one */
	bool is_simulated;    /* the bar moves by itself in this stage */
	int64_t expected_ms;  /* what the worker expected the stage to take; 0: not said */
	double moved_percent; /* how far the bar had moved by itself when this was written; 0: not at all */
};

/* The last update of a writer, or a request_id. */
struct job_mark {
	char *key;
	bool is_request_id;
	uint64_t sequence;
	uint64_t seen; /* which of the 64 sequences up to `sequence` were seen; bit 0 is `sequence` itself */
	uint64_t revision;
	enum job_outcome outcome;
	struct job_view
	    *answer; /* owned; NULL while the job's revision is still `revision`, so that the job is the answer */
};

struct job {
	char job_id[JOB_ID_BYTES_MAX + 1];
	char pipeline[JOB_ID_BYTES_MAX + 1];
	char parent[JOB_ID_BYTES_MAX + 1]; /* empty: none */
	struct job_view view;
	struct job_entry *metadata; /* sorted by key */
	size_t metadata_count;
	struct job_span *spans; /* oldest first; the present stage is not among them */
	size_t span_count;
	struct job_mark *marks; /* least recently used first */
	size_t mark_count;
	bool cancel_requested;
	char *cancel_reason; /* NULL: empty */
	int64_t created_ms;
	int64_t ttl_ms;        /* how long the finished job is kept; 0: as configured */
	int64_t lease_ms;      /* the worker promises a sign of life this often; 0: no lease */
	int64_t lost_after_ms; /* so long after the lease has run out the job has failed; 0: never */
	int64_t signed_ms;     /* the latest sign of life; kept with the next change */
	struct pace pace;
};

/* Who makes an update, so that a repeat is known. Both NULL or empty: nobody, every update is new. */
struct job_origin {
	const char *writer; /* with sequence >= 1 */
	uint64_t sequence;
	const char *request_id;
};

/* What kind of place an update claims. */
enum job_claim {
	JOB_CLAIM_STAGE,     /* in the stage, nothing more */
	JOB_CLAIM_PERCENT,   /* `percent` of the whole bar, any */
	JOB_CLAIM_FRACTION,  /* `fraction` of the stage */
	JOB_CLAIM_SIMULATED, /* in the stage, where the bar is to move by itself */
};

/* An update as a worker asks for it; all fields checked by the caller. Everything is borrowed. */
struct job_update {
	const struct stage *stage;
	enum job_claim claim;
	double percent;  /* 0 to 100 */
	double fraction; /* 0 to 1 */
	double done;     /* with total > 0 */
	double total;
	int64_t expected_ms; /* of the stage, with JOB_CLAIM_SIMULATED; 0: not said */
	const char *message; /* NULL or empty: keep, or none in a new stage */
	const struct job_entry *metadata;
	size_t metadata_count;
	uint32_t attempt; /* 0: the present one */
	int64_t lease_ms; /* 0: keep the present one */
	struct job_origin origin;
};

/* Describes a new job; borrowed. */
struct job_creation {
	const char *job_id;
	const char *pipeline; /* NULL or empty: "default" */
	const char *parent;
	const char *message;
	const struct job_entry *metadata;
	size_t metadata_count;
	int64_t ttl_ms;
	int64_t lost_after_ms;
	double size_hint;   /* 0: not said */
	const char *worker; /* NULL or empty: not said */
	const char *class;
	struct job_origin origin;
};

/* What was done to a job. It has changed visibly if view->revision is not previous_revision and this is no repeat. */
struct job_result {
	enum job_outcome outcome;
	/* What to answer: the job's own view, or the remembered one of a repeat. Borrowed until the job changes. */
	const struct job_view *view;
	uint64_t previous_revision; /* before; equals view->revision unless the job has changed */
	bool is_sign;               /* the worker has been heard, be it with something new or not */
};

/* A new job at revision 1: in the first stage, or where `first` puts it if that is not NULL (then the metadata, message
 * and origin of `creation` should be empty). ERR_RESOURCE_EXHAUSTED: no memory, or too much metadata. */
enum err job_create(const struct job_creation *creation, const struct job_update *first, int64_t now_ms,
                    struct job **ret_job, struct fault *fault) MUST_USE;

/* An empty job for a codec to fill. NULL: no memory. */
struct job *job_create_blank(void);

/* Frees the job and all it owns; accepts NULL. */
void job_destroy(struct job *job);

/* A job that owns a copy of everything. NULL: no memory. */
struct job *job_copy(const struct job *job);

/* Applies the update by the rules above. `now_ms` earlier than the job's latest time counts as that time. On an error
 * nothing has changed.
 * FAILED_PRECONDITION: an earlier stage, another flow, or after the end. ABORTED: an older attempt.
 * RESOURCE_EXHAUSTED: more metadata than a job may have (METADATA_FULL), or no memory (NO_MEMORY; then, other than
 * after every other error, the job may be half changed and must be destroyed). */
enum err job_apply(struct job *job, const struct job_update *update, int64_t now_ms, struct job_result *ret_result,
                   struct fault *fault) MUST_USE;

/* A sign of life from the worker; a stalled job is active again. lease_ms 0 keeps the present lease. attempt 0: the
 * present one. Without a visible change the outcome is ABSORBED. ABORTED: an older attempt. FAILED_PRECONDITION: a
 * newer attempt, which only an update can start, or after the end. */
enum err job_sign(struct job *job, uint32_t attempt, int64_t lease_ms, int64_t now_ms, struct job_result *ret_result,
                  struct fault *fault) MUST_USE;

/* The lease has run out without a sign of life: the job is stalled. Without a lease, but after heartbeats: it stays
 * active, and its bar is held. Does nothing (ABSORBED) unless it is active and one of both is so. */
enum err job_stall(struct job *job, int64_t now_ms, struct job_result *ret_result, struct fault *fault) MUST_USE;

/* lost_after_ms are over, too: the job has failed. Does nothing (ABSORBED) unless it is stalled. */
enum err job_lose(struct job *job, int64_t now_ms, struct job_result *ret_result, struct fault *fault) MUST_USE;

/* Asks the worker to stop; does nothing (ABSORBED) if it has been asked for before. `reason` may be NULL.
 * FAILED_PRECONDITION: after the end. */
enum err job_request_cancel(struct job *job, const char *reason, int64_t now_ms, struct job_result *ret_result,
                            struct fault *fault) MUST_USE;

/* Looks for a repeat of `origin`; true fills `ret_result` with the first answer. For creations, too. */
bool job_find_repeat(const struct job *job, const struct job_origin *origin, struct job_result *ret_result);

/* The whole percent to show for an unrounded one: rounded down, so that 100 is never shown early. */
int job_shown_percent(double percent);

/* When the finished job may be forgotten, in ms since the epoch; 0 while it is under way. */
int64_t job_expires_ms(const struct job *job, int64_t default_ttl_ms);

/* Whether all invariants hold that the rules promise; for asserts and tests. */
bool job_is_sound(const struct job *job);

#endif
