/* The Mills ratio against known values, and the promises of the simulated place. */
#include "job/curve.h"

#include <criterion/criterion.h>
#include <math.h>

static void check_near(double value, double expected, double relative)
{
	cr_assert(fabs(value - expected) <= relative * fabs(expected), "%.17g is not near %.17g", value, expected);
}

Test(mills_ratio, is_known_at_these_places)
{
	check_near(mills_ratio(-2), 18.10024771112615, 1e-13);
	check_near(mills_ratio(0), 1.2533141373155001, 1e-13);
	check_near(mills_ratio(1), 0.65567954241879, 1e-13);
	check_near(mills_ratio(2), 0.4213692292880545, 1e-13);
	check_near(mills_ratio(10), 0.09902859647173277, 1e-12);
	check_near(mills_ratio(30), 0.03329641907249721, 1e-12);
}

Test(mills_ratio, goes_on_smoothly_where_the_continued_fraction_takes_over)
{
	check_near(mills_ratio(15 + 1e-9), mills_ratio(15 - 1e-9), 1e-9);
	check_near(mills_quotient(15 + 1e-9, 0.5), mills_quotient(15 - 1e-9, 0.5), 1e-8);
}

Test(mills_quotient, is_the_quotient_of_two_ratios)
{
	for (double z = -20; z <= 40; z += 0.37)
		for (double a = -3; a <= 3; a += 0.5)
			check_near(mills_quotient(z, a), mills_ratio(z + a) / mills_ratio(z), 1e-10);
}

Test(curve_place, rises_strictly_and_never_reaches_one)
{
	for (double spread = 0.05; spread <= 2; spread *= 1.7) {
		struct curve curve = {.mean = log(100), .spread = spread};
		double before = 0;
		for (double age = 1e-3; age < 1e9; age *= 1.01) {
			double place = curve_place(&curve, age);
			cr_assert(place <= CURVE_PLACE_MAX);
			cr_assert(place > before || place == CURVE_PLACE_MAX || place < 1e-12, "at age %g", age);
			before = place;
		}
	}
}

Test(curve_place, is_zero_before_the_stage_has_begun)
{
	struct curve curve = {.mean = 3, .spread = 0.6};
	cr_assert_eq(curve_place(&curve, 0), 0);
	cr_assert_eq(curve_place(&curve, -5), 0);
	cr_assert_lt(curve_place(&curve, 1e-300), 1e-9);
}

/* E[T^n | T > age] by adding up thin slices. */
static double summed_moment(const struct curve *curve, double age, int power)
{
	double sum = 0, mass = 0;
	for (double x = log(age); x < curve->mean + 9 * curve->spread; x += 1e-4) {
		double z = (x - curve->mean) / curve->spread;
		double weight = exp(-z * z / 2);
		sum += weight * exp(power * x);
		mass += weight;
	}
	return sum / mass;
}

Test(curve_moment, is_the_mean_of_the_power_over_those_that_last_longer)
{
	struct curve curve = {.mean = log(50), .spread = 0.7};
	for (double age = 1; age < 400; age *= 3)
		for (int power = -1; power <= 2; power++)
			check_near(curve_moment(&curve, age, power), summed_moment(&curve, age, power), 1e-3);
	check_near(curve_moment(&curve, 0, 1), exp(log(50) + 0.245), 1e-12);
}

Test(curve_moment, stays_finite_far_beyond_all_that_is_likely)
{
	struct curve curve = {.mean = 0, .spread = 0.05};
	for (double age = 1; age < 1e15; age *= 10)
		cr_assert(curve_moment(&curve, age, 1) >= age && isfinite(curve_moment(&curve, age, 2)));
}

Test(curve_rest_quantile, leaves_the_right_share_beyond_it)
{
	struct curve curve = {.mean = log(50), .spread = 0.7};
	for (double age = 0.5; age < 1e4; age *= 2.3) {
		double tenth = curve_rest_quantile(&curve, age, -1.2815515655446004);
		double z = (log(age) - curve.mean) / curve.spread, a = log1p(tenth / age) / curve.spread;
		double share = mills_quotient(z, a) * exp(-a * z - a * a / 2);
		cr_assert_float_eq(share, 0.9, 1e-6, "at age %g", age);
		cr_assert_lt(tenth, curve_rest_quantile(&curve, age, 0));
		cr_assert_lt(curve_rest_quantile(&curve, age, 0), curve_rest_quantile(&curve, age, 1.28));
	}
}

Test(curve_survive, is_the_law_itself_for_a_young_stage_and_beyond_the_age_for_an_old_one)
{
	struct curve curve = {.mean = 4, .spread = 0.6};
	struct curve_survivor young = curve_survive(&curve, 0), old = curve_survive(&curve, exp(6));
	cr_assert_eq(young.mean, 4);
	cr_assert_float_eq(young.variance, 0.36, 1e-12);
	cr_assert(old.mean > 6 && old.variance < 0.36 && old.variance >= 1e-4);
}
