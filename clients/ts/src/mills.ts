/**
 * The Mills ratio of the normal distribution, R(z) = (1 - Phi(z)) / phi(z). Below TAIL its Taylor series about 0 is exact
 * enough, beyond it the continued fraction 1/(z + 1/(z + 2/(z + 3/(z + …)))) converges at once.
 */

const TAIL = 3;
const FRACTION_LEVELS = 60;
const SERIES_END = 1e-17;
/** Below this R(z) is beyond the numbers. */
const LOWEST = -30;
const ROOT_HALF_PI = Math.sqrt(Math.PI / 2);

function tailFraction(z: number): number {
	let below = z;
	for (let level = FRACTION_LEVELS; level >= 1; level--) below = z + level / below;
	return 1 / below;
}

/** z + z^3/3 + z^5/(3*5) + …, which is (Phi(z) - 1/2) / phi(z). */
function series(z: number): number {
	let term = z;
	let sum = z;
	for (let odd = 3; Math.abs(term) > SERIES_END * Math.abs(sum); odd += 2) {
		term *= (z * z) / odd;
		sum += term;
	}
	return sum;
}

/** R(z); infinite below about -37. */
export function millsRatio(z: number): number {
	if (z > TAIL) return tailFraction(z);
	return ROOT_HALF_PI * Math.exp((z * z) / 2) - series(z);
}

/** R(z + a) / R(z) for a > 0. */
export function millsQuotient(z: number, a: number): number {
	if (z < LOWEST) return Math.exp(a * z + (a * a) / 2);
	return millsRatio(z + a) / millsRatio(z);
}
