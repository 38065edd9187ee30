import { describe, expect, test } from "vitest";

import { formatAgo, formatClock, formatCount, formatDuration, formatGuess, formatShare } from "../src/parts/format";

describe("formatDuration", () => {
	test.each([
		[0, "0 s"],
		[0.04, "0 s"],
		[0.25, "0.3 s"],
		[9.97, "10 s"],
		[59.4, "59 s"],
		[59.6, "1 min 00 s"],
		[185, "3 min 05 s"],
		[3600 * 2 + 60 * 7 + 9, "2 h 07 min"],
		[86_400 * 3 + 3600 * 4, "3 d 4 h"],
		[86_400 * 1234, "1,234 d"],
		[-3, "0 s"],
	])("%f is %s", (seconds, words) => expect(formatDuration(seconds)).toBe(words));
});

describe("formatGuess", () => {
	test.each([
		[0, "a few seconds"],
		[11, "15 s"],
		[55, "1 min"],
		[200, "3 min"],
		[6000, "1.7 h"],
		[86_400 * 5, "5 d"],
		[1e12, "months"],
	])("%f is %s", (seconds, words) => expect(formatGuess(seconds)).toBe(words));
});

describe("formatAgo", () => {
	test.each([
		[-2, "just now"],
		[12.7, "12 s ago"],
		[61, "1 min ago"],
		[7201, "2 h ago"],
		[200_000, "2 d ago"],
	])("%f is %s", (seconds, words) => expect(formatAgo(seconds)).toBe(words));
});

test("formatClock, formatCount and formatShare", () => {
	expect([0, 5, 65, 3723].map(formatClock)).toEqual(["0:00", "0:05", "1:05", "1:02:03"]);
	expect([0, 1, 1200].map((count) => formatCount(count, "job"))).toEqual(["0 jobs", "1 job", "1,200 jobs"]);
	expect([formatShare(1, 3), formatShare(0, 0)]).toEqual(["33 %", "–"]);
});
