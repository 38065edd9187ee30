import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";

import { PipelineStage, StageOutcome, type StageSpan, StageSpanSchema } from "progressd";

import { axisOf, stepOf } from "../src/job/axis";

const BORN = 1_700_000_000_000;

function span(stage: PipelineStage, from: number, to: number | undefined, attempt = 1): StageSpan {
	return create(StageSpanSchema, {
		stage,
		attempt,
		run: 1,
		startTime: timestampFromMs(BORN + from * 1000),
		...(to !== undefined && { endTime: timestampFromMs(BORN + to * 1000) }),
		outcome: to === undefined ? StageOutcome.RUNNING : StageOutcome.FINISHED,
	});
}

describe("axisOf", () => {
	test("puts each stay where it was, and lets the present one reach to now", () => {
		const spans = [span(PipelineStage.DOWNLOADING, 0, 10), span(PipelineStage.ANALYZING, 10, undefined)];
		const { lanes, seconds } = axisOf(spans, BORN + 40_000, 8);
		expect(seconds).toBe(40);
		expect(lanes).toHaveLength(1);
		expect(lanes[0]?.bars.map(({ left, width, isRunning }) => [left, width, isRunning])).toEqual([
			[0, 0.25, false],
			[0.25, 0.75, true],
		]);
	});

	test("gives each attempt a lane of its own on the same axis", () => {
		const spans = [span(PipelineStage.ANALYZING, 0, 10, 1), span(PipelineStage.DOWNLOADING, 10, 20, 2)];
		const { lanes } = axisOf(spans, BORN + 99_000, 8);
		expect(lanes.map((lane) => lane.attempt)).toEqual([1, 2]);
		expect(lanes[1]?.bars[0]).toMatchObject({ left: 0.5, width: 0.5 });
	});

	test("is never of no length, and never runs backwards when clocks differ", () => {
		const { seconds, lanes } = axisOf([span(PipelineStage.QUEUED, 0, undefined)], BORN - 5_000, 8);
		expect(seconds).toBeGreaterThan(0);
		expect(lanes[0]?.bars[0]?.width).toBe(0);
	});
});

describe("stepOf", () => {
	test.each([
		[9, 8, 2],
		[40, 8, 5],
		[3600, 8, 600],
		[10 * 86_400, 4, 3 * 86_400],
	])("%i s with at most %i lines: one each %i s", (seconds, count, step) => expect(stepOf(seconds, count)).toBe(step));
});
