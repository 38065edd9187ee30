import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";

import {
	type Curve,
	curvePlace,
	fractionAt,
	isMoving,
	JobState,
	ProgressFlag,
	ProgressInfoSchema,
	timeFractionAfter,
} from "../../src/index.js";
import { millsRatio } from "../../src/mills.js";

const SECONDS = 1_000;
const BORN = 1_700_000_000_000;

/** The integral of f over [from, from + length] by Simpson's rule. */
function integrate(f: (x: number) => number, from: number, length: number): number {
	const steps = 20_000;
	const h = length / steps;
	let sum = f(from) + f(from + length);
	for (let i = 1; i < steps; i++) sum += f(from + i * h) * (i % 2 === 1 ? 4 : 2);
	return (sum * h) / 3;
}

function infoWith(
	fields: { curve?: Partial<Omit<Curve, "$typeName" | "$unknown" | "origin">>; [field: string]: unknown } = {},
) {
	const { curve, ...others } = fields;
	return create(ProgressInfoSchema, {
		state: JobState.ACTIVE,
		fraction: 0.25,
		timeFraction: 0.3,
		curve: { origin: timestampFromMs(BORN), start: 0.25, end: 0.5, logMedian: Math.log(420), logSpread: 0.6, ...curve },
		...others,
	});
}

describe("millsRatio", () => {
	// R(z) = integral over x > 0 of exp(-z x - x^2/2), which is its definition with the densities divided out.
	test.each([-12, -3, -1, 0, 0.5, 1, 2, 2.9, 3, 3.1, 5, 9, 30])("of %d is the integral it stands for", (z) => {
		const expected = integrate((x) => Math.exp(-z * x - (x * x) / 2), 0, z > 1 ? 40 / z : 50);
		expect(millsRatio(z) / expected).toBeCloseTo(1, 10);
	});
});

describe("curvePlace", () => {
	// E[t/T | T > t] for a lognormal T, by its definition.
	test.each([
		[60, 0.6],
		[420, 0.6],
		[4200, 0.6],
		[420, 0.1],
		[30, 1.2],
	])("after %d s with spread %d is the expected share", (age, logSpread) => {
		const logMedian = Math.log(420);
		const from = (Math.log(age) - logMedian) / logSpread;
		const density = (z: number) => Math.exp(-(z * z) / 2);
		const share = (z: number) => density(z) * (age / Math.exp(logMedian + logSpread * z));
		const expected = integrate(share, from, 14 - Math.min(from, 0)) / integrate(density, from, 14 - Math.min(from, 0));
		expect(curvePlace({ logMedian, logSpread }, age)).toBeCloseTo(Math.min(expected, 0.9999), 6);
	});

	test("rises from 0 and never reaches 1", () => {
		const curve = { logMedian: Math.log(10), logSpread: 0.3 };
		let before = 0;
		for (let age = 1e-9; age < 1e12; age *= 1.1) {
			const place = curvePlace(curve, age);
			expect(place).toBeGreaterThanOrEqual(before);
			expect(place).toBeLessThan(1);
			before = place;
		}
		expect(curvePlace(curve, 0)).toBe(0);
		expect(curvePlace(curve, -5)).toBe(0);
		expect(before).toBeGreaterThan(0.9);
	});
});

describe("fractionAt", () => {
	test("moves from the start of the stage and stays below its end", () => {
		const info = infoWith();
		expect(fractionAt(info, BORN)).toBe(0.25);
		const later = fractionAt(info, BORN + 300 * SECONDS);
		expect(later).toBeGreaterThan(0.3);
		expect(fractionAt(info, BORN + 1e9 * SECONDS)).toBeLessThan(0.5);
	});

	test("is never below what was shown already", () => {
		expect(fractionAt(infoWith({ curve: { floor: 0.4 } }), BORN)).toBe(0.4);
		expect(fractionAt(infoWith({ fraction: 0.45 }), BORN)).toBe(0.45);
	});

	test.each([
		["the job is stalled", { state: JobState.STALLED }],
		["its worker is lost", { flag: ProgressFlag.LOST }],
		["it does not report any more", { flag: ProgressFlag.SILENT }],
	])("holds while %s", (_why, fields) => {
		const info = infoWith(fields);
		expect(isMoving(info)).toBe(false);
		expect(fractionAt(info, BORN + 400 * SECONDS)).toBe(0.25);
		expect(timeFractionAfter(info, 400 * SECONDS)).toBe(0.3);
	});

	test("goes on while the stage is only overdue", () => {
		expect(isMoving(infoWith({ flag: ProgressFlag.OVERDUE }))).toBe(true);
	});
});

describe("timeFractionAfter", () => {
	test("moves by its rate and never reaches the end", () => {
		const info = infoWith({ curve: { timeRate: 0.001 } });
		expect(timeFractionAfter(info, 100 * SECONDS)).toBeCloseTo(0.4, 12);
		expect(timeFractionAfter(info, 1e9)).toBeLessThan(1);
	});
});
