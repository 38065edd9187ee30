/*
 * The pace of a job: what the model of progress makes of the job's own events, and what of it is shown. It follows the
 * rules' outcome, never the other way round: no rule asks the model.
 *
 * Time is `now`, in seconds from any origin that is the same for all calls about a job. It should run evenly whatever
 * becomes of the wall clock; a time that goes back counts as the latest one seen.
 *
 * What is shown depends on written facts alone, so that every instance and every reader of the store sees the same, and
 * a restart shows the same as before. Signs of life are not written. Therefore the bar does not stop because a sign is
 * missing, but when it is *written* that it is: the job is STALLED, or, if its worker only ever sent heartbeats, held.
 */
#ifndef JOB_PACE_H
#define JOB_PACE_H

#include "job/curve.h"
#include "job/estimate.h"
#include "job/stages.h"

struct job;
struct job_update;
struct job_view;

/* When a run is expected to end, as it was reckoned at an event. It takes several microseconds to reckon, and holds for
 * one step of the lattice: so it is kept, also in the store, for everybody to show the same. */
struct pace_end {
	double until; /* it is to be reckoned anew from here on; 0: always */
	double at;
	double low_at; /* 80 % of the jobs end between these */
	double high_at;
};

struct pace {
	bool has_estimate; /* a run is under way */
	bool is_held;      /* the worker is known to be silent: the bar stands still */
	enum stage_flow flow;
	int stage; /* where the estimate is, attempt and run likewise: behind the view until pace_follow */
	uint32_t attempt;
	uint32_t run;
	double moved_percent;  /* how far the bar has moved by itself up to now; 0: the stage is not simulated */
	double ended_fraction; /* share of the time that was over when the run ended */
	double size_hint;      /* what the job said of itself: 0, none */
	uint64_t worker;       /* learned_key */
	uint64_t class;
	struct pace_end end;
	struct estimate estimate;
};

/* What is to be learned from a run that has ended. */
struct pace_lesson {
	enum stage_flow flow;
	struct learned_job job;
};

/* What is shown of a job beside what its view says. */
struct pace_look {
	double percent;
	double reached_percent;
	double time_fraction;
	bool has_eta; /* the next three are known */
	double eta_s;
	double eta_low_s;
	double eta_high_s;
	enum estimate_flag flag;
	enum estimate_source source;
	bool has_history;
	bool is_moving;     /* something moves by itself: the rest is set */
	bool is_simulated;  /* percent, too, along the curve */
	double age_s;       /* of the stage */
	struct curve curve; /* if is_simulated */
	double time_speed;  /* of time_fraction, a second */
};

/* The stages of a flow as the model knows them. Any thread. */
const struct plan *pace_plan(enum stage_flow flow);

/* Before the rules are asked: carries the job to `now`, so that an end keeps what was reached. */
void pace_arrive(struct job *job, double now);

/* Whether pace_follow will begin a run or enter a stage, for which it asks what is learned. */
bool pace_is_behind(const struct job *job);

/* After the rules have changed the job: begins, enters, reports, holds or ends what they say. `update` is what they
 * applied, NULL if it was something else. `learned` (of the pipeline and the view's flow, may be NULL) is asked only if
 * pace_is_behind. Returns whether a run has ended; ret_lesson is written then only. */
bool pace_follow(struct job *job, const struct job_update *update, const struct learned *learned, double now,
                 struct pace_lesson *ret_lesson);

/* The worker sent a heartbeat. Changes nothing that is shown. */
void pace_beat(struct job *job, double now);

/* How long a worker without a lease may be silent that has sent heartbeats, in seconds; 0: for ever. */
double pace_patience(const struct job *job);

/* What is shown of the job at `now`, as `view` has it: its own, or that of a remembered answer. */
void pace_look(const struct job *job, const struct job_view *view, double now, struct pace_look *ret_look);

/* The same of the job's own view, but without the end of the run, which costs most. */
void pace_glance(const struct job *job, double now, struct pace_look *ret_look);

/* Reckons the end of the run anew, as of the event at `now`. */
void pace_reckon_end(struct job *job, double now);

/* When what is shown will have changed by `points` of 100, or a flag come up, if nothing happens before; perhaps by
 * less: then look and ask again. INFINITY: the stage is not simulated, or nothing moves until the next event. */
double pace_next_change(const struct job *job, double now, double points);

/* About how many lattice steps a look at `now` will cost, each some microseconds. */
double pace_steps(const struct job *job, double now);

/* The estimate's bytes for a store; at most ESTIMATE_BYTES_MAX. 0: there is none. */
size_t pace_seal(const struct job *job, uint8_t *bytes);

/* After the rest of the job was read from a store. Bytes that are no estimate of this job (none, damaged, or of another
 * table of stages) are replaced by one from the job's times and the schema's durations, the same for every reader. */
void pace_open(struct job *job, const uint8_t *bytes, size_t length);

/* Whether its numbers can be; for job_is_sound. */
bool pace_is_sound(const struct job *job);

#endif
