/* What the files of the estimate share: the pin, the remaining time, and the lattice of the display. */
#ifndef JOB_ESTIMATE_PARTS_H
#define JOB_ESTIMATE_PARTS_H

#include "job/curve.h"
#include "job/estimate.h"

/* What a report must say at least to count as evidence of the stage's length, and at most. */
#define ESTIMATE_WORK_MIN 0.004
#define ESTIMATE_WORK_MAX 0.995

/* What is left of the run: a lognormal law of the whole, and how far the present stage alone departs from its own. */
struct estimate_rest {
	double mean_s;
	double spread; /* of the logarithm */
	double tilt;   /* share of the run's time that is still to come */
	struct curve stage;
	double age_s;        /* of the stage */
	double stage_mean_s; /* what is left of the stage */
	double stage_spread;
	double stage_tilt;
};

/* Fills the pin for the present stage, from what is learned and how long the stages behind took. */
void estimate_pin(struct estimate *estimate, const struct plan *plan, const struct learned *learned);

/* Where the correlation of two different stages stands in the pin. */
size_t estimate_pair(size_t a, size_t b);

/* The law of the present stage's length, given its reports. */
struct curve estimate_curve(const struct estimate *estimate);

/* How much of that law's precision comes from the reports, 0 to 1. */
double estimate_report_share(const struct estimate *estimate);

void estimate_remaining(const struct estimate *estimate, double now, struct estimate_rest *ret_rest);

/* How strongly a quantile leans to the short jobs. A look at a random moment of a random job's life meets, among the
 * jobs of one age, the short ones more often: as 1 / T. With tilt 1 the quantiles are those of what is met; the bar,
 * which cannot go back, does best with half of it. An ETA that is too long by a minute is the worse the shorter the job
 * is: so the clock leans a little further. */
#define ESTIMATE_TILT_BAR   0.5
#define ESTIMATE_TILT_CLOCK 1.1

/* A quantile of what is left, in seconds; which one is said by its place in the standard normal law, 0 is the median.
 */
double estimate_quantile(const struct estimate_rest *rest, double normal, double tilt);

/* From these moments on: no sign of life for too long; reports missing for too long; more time than nearly all take.
 * INFINITY: never, as things are. */
double estimate_lost_at(const struct estimate *estimate);
double estimate_silent_at(const struct estimate *estimate);
double estimate_overdue_at(const struct estimate *estimate);

/* How long the worker may be silent, as its heartbeats so far let expect; INFINITY: there were none. */
double estimate_patience(const struct estimate *estimate);

/* From when on the bar stands still: lost or silent. */
double estimate_holds_at(const struct estimate *estimate);

/* From when on it goes slower, because signs of life are overdue. */
double estimate_slows_at(const struct estimate *estimate);

/* The shown fraction at `now`, which lies before the next lattice instant. */
double estimate_fraction(const struct estimate *estimate, double now);

/* The share of the present stage's time that is over, as shown at `now`. */
double estimate_place(const struct estimate *estimate, double now);

/* The share of the speed at which the bar moves at `now`. */
double estimate_pace(const struct estimate *estimate, double now);

/* What estimate_look costs most for. */
enum { ESTIMATE_SHOW_PERCENT = 1, ESTIMATE_SHOW_ETA = 2 };

/* As estimate_look for an estimate whose next lattice instant lies after `now`, and `now` not before what it has seen.
 * Parts that are not asked for are 0, and not known. */
void estimate_show(const struct estimate *ahead, const struct plan *plan, double now, unsigned parts,
                   struct estimate_view *ret_view);

#endif
