/*
 * The simulated place in a stage: a pure function of the stage's age, the lognormal law of its length, and nothing
 * else.
 *
 * With T lognormal and known to be above the age, everything that is asked comes from the Mills ratio
 * R(z) = (1 - Phi(z)) / phi(z):  E[T^n | T > age] = age^n R(z - n s) / R(z),  z = (ln age - mean) / s.
 * The place is E[age / T | T > age] (n = -1): it rises strictly with the age and never reaches 1.
 */
#ifndef JOB_CURVE_H
#define JOB_CURVE_H

/* The law of a stage's length: its logarithm (of seconds) is normal. */
struct curve {
	double mean;
	double spread; /* standard deviation, above 0 */
};

/* ln T as a normal law, once T is known to be above the age. */
struct curve_survivor {
	double mean;
	double variance; /* at least 1e-4 */
};

/* R(z); z may be any number, but below -37 it is infinite. */
double mills_ratio(double z);

/* R(z + a) / R(z) without overflow. */
double mills_quotient(double z, double a);

/* The share of its time that a stage of this age has behind it, from 0 to CURVE_PLACE_MAX. */
#define CURVE_PLACE_MAX 0.9999
double curve_place(const struct curve *curve, double age_s);

/* E[T^power | T > age], in seconds^power. */
double curve_moment(const struct curve *curve, double age_s, int power);

/* The quantile of T given T > age, less the age: what is left of the stage, in seconds. Which quantile is said by where
 * it lies in the standard normal law: 0 is the median, -1.2816 the lowest tenth. */
double curve_rest_quantile(const struct curve *curve, double age_s, double normal);

struct curve_survivor curve_survive(const struct curve *curve, double age_s);

#endif
