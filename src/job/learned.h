/*
 * What is believed of ONE pipeline (of one plan of it): how long its stages take, how they hang together, and how true
 * their reports are. Learned once when a job ends, from the stages that finished normally, with all older jobs
 * fading. A plain struct of a bounded size without pointers; in a store it is the bytes of learned_seal.
 *
 * The log time of stage k is predicted as  a_k + b_k h + u_worker + c_(class,k)  with h the log of the size hint
 * against its running mean: a, b by ridge regression on faded sums, the labels' effects by shrunken means of what is
 * left over.
 */
#ifndef JOB_LEARNED_H
#define JOB_LEARNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/plan.h"

enum {
	LEARNED_WORKERS_MAX = 64, /* the one not seen for the longest time goes first */
	LEARNED_CLASSES_MAX = 64,
	LEARNED_PAIRS = PLAN_STAGES_MAX * (PLAN_STAGES_MAX + 1) / 2,
	LEARNED_MARKS = 9, /* the tenths of a stage's work at which its time is noted */
	LEARNED_BYTES_MAX = 20 * 1024,
};

/* Faded sums of one stage. */
struct learned_stage {
	int number; /* as in the plan */
	double weight;
	double hint;
	double hint_square;
	double log_time;
	double hint_log_time;
	double jobs_passed;          /* jobs that went beyond the stage … */
	double jobs_stayed;          /* … and of these, those that were in it */
	double marks[LEARNED_MARKS]; /* mean share of the time over when 1/10 … 9/10 of the work were done */
	double marks_weight;
	double scatter; /* of reports around that law */
	double scatter_weight;
	double gap; /* the longest time between reports as a share of the stage's time */
	double gap_weight;
};

struct learned_worker {
	uint64_t key; /* learned_key of its name; 0: free */
	uint64_t used;
	float sum; /* floats, as in the bytes: what is opened again is the same */
	float weight;
};

struct learned_class {
	uint64_t key;
	uint64_t used;
	float sums[PLAN_STAGES_MAX];
	float weights[PLAN_STAGES_MAX];
};

struct learned {
	size_t stage_count;
	uint64_t jobs;  /* completed ones seen; 0: no history, nothing but the nominal seconds */
	uint64_t clock; /* counts what was learned from; orders the use of labels */
	double hint_sum;
	double hint_weight;
	struct learned_stage stages[PLAN_STAGES_MAX];
	double products[LEARNED_PAIRS]; /* of the residuals of two stages; learned_pair says where */
	double pairs[LEARNED_PAIRS];
	struct learned_worker workers[LEARNED_WORKERS_MAX];
	struct learned_class classes[LEARNED_CLASSES_MAX];
};

/* What a job says of itself when it is created. */
struct learned_origin {
	bool has_hint;
	double log_hint; /* of the size hint, if there is one */
	uint64_t worker; /* learned_key; 0: not said */
	uint64_t class;
};

/* What one job has shown about one stage. */
struct learned_stay {
	bool is_finished; /* normally: the next stage or the job's success followed; no hang in between */
	bool is_passed;   /* the job went beyond it … */
	bool was_there;   /* … and had been in it */
	double log_s;     /* ln of its seconds, if finished */
	bool has_reports;
	double marks[LEARNED_MARKS]; /* share of the time over at each tenth of the work; 0: not known */
	double gap;
};

struct learned_job {
	bool is_completed;
	struct learned_origin origin;
	struct learned_stay stays[PLAN_STAGES_MAX];
};

/* A normal law of all log times: means, standard deviations, and the correlation of each pair. */
struct learned_law {
	double mean[PLAN_STAGES_MAX];
	double spread[PLAN_STAGES_MAX];
	double variance[PLAN_STAGES_MAX][PLAN_STAGES_MAX];
	double worker; /* the labels' effects, which the means contain */
	double class[PLAN_STAGES_MAX];
};

/* What is believed about the reports of one stage. */
struct learned_reports {
	double marks[LEARNED_MARKS];
	double scatter;
	double gap; /* 0: not known */
};

/* One stage for people and programs: what `prg stats` shows. */
struct learned_summary {
	double typical_s; /* median for a job of the usual size */
	double low_s;     /* 80 % of the jobs lie between these */
	double high_s;
	double share; /* of the jobs that enter the stage */
	double jobs;  /* faded number of the stays seen; never above 25 */
};

/* A name as a key, never 0; NULL or empty: 0. The same everywhere and for ever: it is stored. */
uint64_t learned_key(const char *name);

/* Nothing learned yet. */
void learned_init(struct learned *learned, const struct plan *plan);

/* Makes it fit a plan whose stages may have changed meanwhile: those of the same number keep what was learned. */
void learned_fit(struct learned *learned, const struct plan *plan);

/* Learns from a job that has ended, completed or not. `learned` fits the plan. */
void learned_add(struct learned *learned, const struct plan *plan, const struct learned_job *job);

/* The law of a job's log times as its origin lets expect them. NULL learned: the prior alone. */
void learned_predict(const struct learned *learned, const struct plan *plan, const struct learned_origin *origin,
                     struct learned_law *ret_law);

/* The law of reports in a stage. NULL learned: the prior. */
void learned_reports(const struct learned *learned, size_t stage, struct learned_reports *ret_reports);

/* The share of jobs that enter the stage, above 0; 1 until one has passed it by. */
double learned_share(const struct learned *learned, size_t stage);

void learned_summarize(const struct learned *learned, const struct plan *plan, size_t stage,
                       struct learned_summary *ret_summary);

/* Where a pair of stages stands in products and pairs. */
size_t learned_pair(size_t a, size_t b);

/* Writes the bytes for a store: a version, then little-endian numbers, only what is in use. Returns how many; at most
 * LEARNED_BYTES_MAX, which `bytes` has room for. The same state gives the same bytes on every machine. */
size_t learned_seal(const struct learned *learned, uint8_t *bytes);

/* Reads such bytes without trusting them. INVALID_ARGUMENT (BAD_LEARNED): damaged, or of a newer version. */
enum err learned_open(const uint8_t *bytes, size_t length, struct learned *ret_learned, struct fault *fault) MUST_USE;

#endif
