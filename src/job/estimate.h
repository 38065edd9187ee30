/*
 * The estimate of one run of a job's bar: how much of its time is over, when it will end, and how sure that is. A plain
 * struct without pointers, the same for every observer, at any poll rate, in every instance and after a restart:
 *
 * FACTS change at events only (begin, enter, report, beat, promise, expect, finish): when the run began, the stage and
 * when it was entered, the last report, signs of life, how long the stages behind took.
 * The PIN is what the model predicted when the stage was entered (means, spreads and correlations of the present and
 * later stages, the law of its reports). It changes at begin, enter and expect only; later learning does not touch it.
 * The DISPLAY is the bar on its lattice of instants: where it was at `base_at`, how fast it moves, when the next
 * instant is, and the finish clock. It changes at events and at lattice instants. The instants follow from facts and
 * pin alone, so advancing in one go or in any steps gives the same bits.
 *
 * So a store keeps the struct (estimate_seal) with the job whenever an event is written, and never because time passes:
 * a copy read from there and advanced to `now` shows what every other copy shows. Advancing a copy at hand and keeping
 * it saves time, nothing else.
 *
 * Times are seconds from any origin that is the same for all calls about a job; a fraction of one may matter. A time
 * earlier than what the estimate has seen counts as that: nothing ever goes back. The bar never decreases, is below 1
 * until the run has completed, and stands still while the worker is known to be lost or its reports have stopped.
 *
 * Of the plan an estimate needs the same stages all its life.
 */
#ifndef JOB_ESTIMATE_H
#define JOB_ESTIMATE_H

#include "job/learned.h"

enum {
	ESTIMATE_PAIRS = PLAN_STAGES_MAX * (PLAN_STAGES_MAX - 1) / 2,
	ESTIMATE_BYTES_MAX = 1024,
};

enum estimate_end { ESTIMATE_UNDER_WAY, ESTIMATE_COMPLETED, ESTIMATE_FAILED, ESTIMATE_CANCELLED };

/* lost: no sign of life for as long as promised. silent: a stage that reported does not any more. overdue: the stage
 * takes longer than nearly all before it. */
enum estimate_flag { ESTIMATE_FLAG_NONE, ESTIMATE_FLAG_LOST, ESTIMATE_FLAG_SILENT, ESTIMATE_FLAG_OVERDUE };

/* Where the shown numbers come from; as in the schema. */
enum estimate_source {
	ESTIMATE_SOURCE_MEASURED = 1,  /* the end, or fresh reports that outweigh all else ten to one */
	ESTIMATE_SOURCE_ESTIMATED = 2, /* reports and history */
	ESTIMATE_SOURCE_SIMULATED = 3, /* no reports in this stage */
};

/* A stage that is behind, as short as learning allows. */
struct estimate_stay {
	float log_s;                  /* ln of its seconds, if finished */
	uint8_t marks[LEARNED_MARKS]; /* -40 ln of the share of the time over at each tenth of the work; 255: not known */
	uint8_t gap;                  /* likewise */
	uint8_t was_there;
	uint8_t is_finished;
	uint8_t has_reports;
};

struct estimate {
	/* facts */
	double begun_at;
	double entered_at;
	double heard_at;      /* latest sign of life: any event of the worker */
	double beat_at;       /* latest heartbeat; 0 and beats 0: none */
	double reported_at;   /* latest report that moved the place */
	double seen_at;       /* the latest time of all calls; no time counts as earlier */
	double work;          /* share of the stage's work last reported; 0: none */
	double longest_gap_s; /* between reports of this stage */
	double beat_gap_s;    /* mean time between heartbeats */
	double promised_s;    /* lost after so long without a sign; 0: as heartbeats let expect, never if there are none */
	struct learned_origin origin;
	uint64_t jobs;    /* completed ones that the pin has learned from; 0: no history */
	uint32_t reports; /* of this stage */
	uint32_t beats;
	uint8_t stage; /* place in the plan */
	uint8_t stage_count;
	uint8_t end;                                 /* enum estimate_end */
	uint8_t was_lost;                            /* in this stage: its length teaches nothing */
	float crossed_s[LEARNED_MARKS];              /* age of the stage when each tenth of its work was done; 0: not yet */
	struct estimate_stay stays[PLAN_STAGES_MAX]; /* of the stages before `stage` */

	/* pin; of the stages from `stage` on */
	float mean[PLAN_STAGES_MAX];
	float spread[PLAN_STAGES_MAX];
	int8_t correlation[ESTIMATE_PAIRS]; /* times 127 */
	float marks[LEARNED_MARKS];
	float scatter;
	float gap_s; /* the longest gap to expect; 0: not known */

	/* display */
	double base_at;
	double fraction;      /* at base_at */
	double speed;         /* a second, until next_at */
	double next_at;       /* next lattice instant; INFINITY: none until the next event */
	double finish_at;     /* the finish clock */
	double place_floor;   /* reached in this stage, 0 to 1 */
	double percent_floor; /* reached before this stage */
	uint8_t is_chasing;   /* the finish clock is on its way to what the model says */
};

/* What is shown. */
struct estimate_view {
	double time_fraction; /* share of the run's time that is over; 1 only when completed */
	double percent;       /* in the stage's own range, below its end until the stage is over; 100 when completed */
	bool has_eta;         /* false: not known (no history, lost, silent, ended); the next three are then 0 */
	double eta_s;
	double eta_low_s; /* 80 % of the jobs end between these */
	double eta_high_s;
	enum estimate_flag flag;
	enum estimate_source source;
	bool has_history;   /* false: the nominal seconds are all there is */
	double speed;       /* of time_fraction, a second … */
	double speed_until; /* … until this time, unless something happens: what a front end may draw by itself */
};

/* Begins a run in `stage` at `now`: a new job, a new attempt, the posting flow. `learned` may be NULL and fits the
 * plan. */
void estimate_begin(struct estimate *estimate, const struct plan *plan, const struct learned *learned,
                    const struct learned_origin *origin, size_t stage, double now);

/* The worker is in a later stage. The same or an earlier one is a sign of life only. */
void estimate_enter(struct estimate *estimate, const struct plan *plan, const struct learned *learned, size_t stage,
                    double now);

/* The worker reports that this share (0 to 1) of the stage's work is done. A share that is not above the latest is a
 * sign of life only, as is any after the end. */
void estimate_report(struct estimate *estimate, double work, double now);

/* A heartbeat. Unless a promise stands, nearly 3 of the usual intervals (at least 15 s) without a sign mean lost. */
void estimate_beat(struct estimate *estimate, double now);

/* From now on lost means: no sign for so many seconds; 0: no promise. The worker was heard now. */
void estimate_promise(struct estimate *estimate, double lost_after_s, double now);

/* Somebody who should know says that the present stage takes about so long, counted from its entry. */
void estimate_expect(struct estimate *estimate, double stage_s, double now);

/* The run is over. What is shown stays; completed shows 1. Later events change nothing. */
void estimate_finish(struct estimate *estimate, enum estimate_end end, double now);

/* Carries the display over all lattice instants up to `now`. Never needed, but it makes the next look cheap. */
void estimate_advance(struct estimate *estimate, double now);

/* What is shown at `now`. */
void estimate_look(const struct estimate *estimate, const struct plan *plan, double now,
                   struct estimate_view *ret_view);

/* When time_fraction or percent will have moved by `points` (of 100) or a flag will have come up, if nothing happens
 * before; a moment later than `now`, perhaps one at which it has moved by less: then look and ask again. INFINITY:
 * nothing will move until the next event. */
double estimate_next_change(const struct estimate *estimate, const struct plan *plan, double now, double points);

/* What is to be learned from a run that has ended. */
void estimate_lesson(const struct estimate *estimate, struct learned_job *ret_job);

/* Writes the bytes for a store, little-endian, only what is in use; returns how many, at most ESTIMATE_BYTES_MAX. What
 * is opened again is the same to the bit. */
size_t estimate_seal(const struct estimate *estimate, uint8_t *bytes);

/* Reads such bytes without trusting them. INVALID_ARGUMENT (BAD_ESTIMATE): damaged, or of a newer version. */
enum err estimate_open(const uint8_t *bytes, size_t length, struct estimate *ret_estimate,
                       struct fault *fault) MUST_USE;

#endif
