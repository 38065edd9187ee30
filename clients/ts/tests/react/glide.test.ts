import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";

import { JobState, ProgressInfoSchema } from "../../src/index.js";
import { Glide } from "../../src/react/glide.js";

const FRAME_MS = 16.7;

/** Draws frames until it wants no more; what was drawn. */
function draw(glide: Glide): number[] {
	const drawn: number[] = [];
	let nowMs = 0;
	do {
		nowMs += FRAME_MS;
		drawn.push(glide.at(nowMs, true));
	} while (glide.isGoing(nowMs) && drawn.length < 1000);
	return drawn;
}

describe("Glide", () => {
	test.each([0.1, 0.37, 0.5, 0.99, 1])("ends exactly where it should be, at %f", (fraction) => {
		const glide = new Glide("progress");
		glide.show(create(ProgressInfoSchema, { jobId: "job-1", state: JobState.ACTIVE, fraction: 0.05 }), 0);
		glide.show(create(ProgressInfoSchema, { jobId: "job-1", state: JobState.ACTIVE, fraction }), 0);
		const drawn = draw(glide);
		expect(drawn.at(-1)).toBe(fraction);
		expect(drawn).toEqual([...drawn].sort((one, other) => one - other));
		expect(drawn.length).toBeGreaterThan(10);
	});

	test("does not go back in a frame that began before the last one was drawn", () => {
		const glide = new Glide("progress");
		glide.show(create(ProgressInfoSchema, { jobId: "job-1", state: JobState.ACTIVE, fraction: 0.2 }), 1000);
		glide.show(create(ProgressInfoSchema, { jobId: "job-1", state: JobState.ACTIVE, fraction: 0.9 }), 1000);
		const drawn = [1050, 1100, 1090, 1095, 1110].map((nowMs) => glide.at(nowMs, true));
		expect(drawn).toEqual([...drawn].sort((one, other) => one - other));
	});

	test("a job that has succeeded is drawn full", () => {
		const glide = new Glide("progress");
		glide.show(create(ProgressInfoSchema, { jobId: "job-1", state: JobState.ACTIVE, fraction: 0.7 }), 0);
		glide.show(create(ProgressInfoSchema, { jobId: "job-1", state: JobState.SUCCEEDED, fraction: 1 }), 0);
		expect(draw(glide).at(-1)).toBe(1);
	});
});
