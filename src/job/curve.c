/*
 * The Mills ratio and what follows from it. Below TAIL the normal tail is taken from erfc, which is exact there; beyond
 * it erfc comes near its end and the continued fraction 1/(z + 1/(z + 2/(z + 3/(z + ...)))) converges at once.
 */
#include "job/curve.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#define TAIL         15.0
#define ROOT_HALF    0.70710678118654752440
#define ROOT_HALF_PI 1.25331413731550025121

enum { FRACTION_LEVELS = 12, NEWTON_STEPS = 8 };

#define NEWTON_CLOSE 1e-7

static double tail_fraction(double z)
{
	double below = z;
	for (int level = FRACTION_LEVELS; level >= 1; level--)
		below = z + level / below;
	return 1 / below;
}

double mills_ratio(double z)
{
	if (z > TAIL)
		return tail_fraction(z);
	return ROOT_HALF_PI * exp(z * z / 2) * erfc(z * ROOT_HALF);
}

double mills_quotient(double z, double a)
{
	if (z > TAIL || z + a > TAIL)
		return mills_ratio(z + a) / mills_ratio(z);
	return exp(a * z + a * a / 2) * erfc((z + a) * ROOT_HALF) / erfc(z * ROOT_HALF);
}

static double z_of(const struct curve *curve, double age_s)
{
	assert(curve->spread > 0);
	return (log(age_s) - curve->mean) / curve->spread;
}

double curve_place(const struct curve *curve, double age_s)
{
	if (!(age_s > 0))
		return 0;
	double place = mills_quotient(z_of(curve, age_s), curve->spread);
	return fmin(place, CURVE_PLACE_MAX);
}

/* In the body of the law age^n R(z - n s) / R(z) is written as E[T^n] times a quotient of tails, so that no age is too
 * small. */
double curve_moment(const struct curve *curve, double age_s, int power)
{
	double shift = power * curve->spread;
	double moment = exp(power * curve->mean + shift * shift / 2);
	if (!(age_s > 0))
		return moment;
	double z = z_of(curve, age_s);
	if (z > TAIL || z - shift > TAIL)
		return pow(age_s, power) * mills_quotient(z, -shift);
	return moment * erfc((z - shift) * ROOT_HALF) / erfc(z * ROOT_HALF);
}

struct curve_survivor curve_survive(const struct curve *curve, double age_s)
{
	double variance = curve->spread * curve->spread;
	double z = age_s > 0 ? z_of(curve, age_s) : -INFINITY;
	if (z < -8)
		return (struct curve_survivor){.mean = curve->mean, .variance = fmax(1e-4, variance)};
	double hazard = 1 / mills_ratio(z);
	return (struct curve_survivor){
	    .mean = curve->mean + curve->spread * hazard,
	    .variance = fmax(1e-4, variance * (1 + z * hazard - hazard * hazard)),
	};
}

/* ln of P(Z > z + a) / P(Z > z), and its slope over a. */
struct tail {
	double log_quotient;
	double slope;
};

static struct tail tail_beyond(double z, double a)
{
	if (z + a > TAIL)
		return (struct tail){log(mills_quotient(z, a)) - a * z - a * a / 2, -1 / mills_ratio(z + a)};
	double beyond = erfc((z + a) * ROOT_HALF);
	double ratio = ROOT_HALF_PI * exp((z + a) * (z + a) / 2) * beyond;
	return (struct tail){log(beyond / erfc(z * ROOT_HALF)), -1 / ratio};
}

/* Newton's steps on the logarithm of the tail, which is concave: from the left of the root the first step goes beyond
 * it, and from there on they close in from the right. */
double curve_rest_quantile(const struct curve *curve, double age_s, double normal)
{
	double unconditional = exp(curve->mean + curve->spread * normal);
	if (!(age_s > 0))
		return unconditional;
	double z = z_of(curve, age_s);
	if (z < -8)
		return fmax(0, unconditional - age_s);
	double wanted = log(erfc(normal * ROOT_HALF) / 2);
	double a = fmax(0, normal - z);
	for (int i = 0; i < NEWTON_STEPS; i++) {
		struct tail tail = tail_beyond(z, a);
		double next = fmax(0, a + (wanted - tail.log_quotient) / tail.slope);
		bool is_close = fabs(next - a) < NEWTON_CLOSE;
		a = next;
		if (is_close)
			break;
	}
	return age_s * expm1(curve->spread * a);
}
