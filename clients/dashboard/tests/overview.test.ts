import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";

import {
	JobState,
	PipelineStage,
	type ProgressInfo,
	ProgressInfoSchema,
	StageOutcome,
	StageSpanSchema,
	StageStatsSchema,
} from "progressd";

import { bucketsOf, RANGES, sumOf } from "../src/overview/buckets";
import { hitsOf } from "../src/overview/eta_check";
import { topOf } from "../src/overview/throughput";

const NOW = 1_700_000_000_000;
const ended = (state: JobState, agoMs: number): ProgressInfo =>
	create(ProgressInfoSchema, { state, endTime: timestampFromMs(NOW - agoMs) });

describe("bucketsOf", () => {
	test("counts each job where it ended, and forgets those of before", () => {
		const hour = RANGES[0];
		const jobs = [
			ended(JobState.SUCCEEDED, 0),
			ended(JobState.SUCCEEDED, 0),
			ended(JobState.FAILED, 10 * 60_000),
			ended(JobState.CANCELLED, 20 * 60_000),
			ended(JobState.SUCCEEDED, 2 * 3_600_000),
			create(ProgressInfoSchema, { state: JobState.ACTIVE }),
		];
		const buckets = bucketsOf(jobs, hour, NOW);
		expect(buckets).toHaveLength(hour.count);
		expect(buckets.at(-1)).toMatchObject({ succeeded: 2, failed: 0, cancelled: 0 });
		expect(sumOf(buckets)).toEqual({ succeeded: 2, failed: 1, cancelled: 1, all: 4 });
	});
});

test("hitsOf asks only about stays that are over in stages of which something was learned", () => {
	const stats = (stage: PipelineStage, jobs: bigint) =>
		create(StageStatsSchema, { stage, jobs, loSeconds: 5, hiSeconds: 10 });
	const span = (stage: PipelineStage, seconds: number, outcome = StageOutcome.FINISHED) =>
		create(StageSpanSchema, { stage, outcome, duration: durationFromMs(seconds * 1000) });
	const stages = [stats(PipelineStage.ANALYZING, 3n), stats(PipelineStage.PROCESSING, 0n)];
	const spans = [
		span(PipelineStage.ANALYZING, 7),
		span(PipelineStage.ANALYZING, 12),
		span(PipelineStage.ANALYZING, 7, StageOutcome.RUNNING),
		span(PipelineStage.PROCESSING, 7),
		span(PipelineStage.QUEUED, 7),
	];
	expect(hitsOf(stages, spans)).toEqual({ inside: 1, all: 2 });
});

test.each([
	[0, 2],
	[3, 4],
	[7, 8],
	[11, 20],
	[95, 100],
	[870, 1000],
])("a picture of at most %i is %i high", (most, top) => expect(topOf(most)).toBe(top));
