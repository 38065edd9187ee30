import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";

import {
	JobState,
	PipelineStage,
	ProgressFlag,
	type ProgressInfo,
	ProgressInfoSchema,
	ProgressSource,
} from "progressd";

import { countKinds, EVERYTHING, narrow } from "../src/jobs/narrow";

const job = (
	jobId: string,
	fields: Omit<MessageInitShape<typeof ProgressInfoSchema>, "$typeName"> = {},
): ProgressInfo =>
	create(ProgressInfoSchema, {
		jobId,
		state: JobState.ACTIVE,
		stage: PipelineStage.ANALYZING,
		status: "analyzing",
		label: "Analyzing content",
		pipeline: "clips",
		...fields,
	} as MessageInitShape<typeof ProgressInfoSchema>);

const JOBS = [
	job("keynote", { message: "Looking for Chapters", metadata: { owner: "Mira" } }),
	job("standup", { stage: PipelineStage.QUEUED, status: "queued", pipeline: "shorts" }),
	job("podcast", { source: ProgressSource.SIMULATED }),
	job("lost", { state: JobState.STALLED }),
	job("slow", { flag: ProgressFlag.OVERDUE, source: ProgressSource.SIMULATED }),
];

const found = (choice: Partial<typeof EVERYTHING>) =>
	narrow(JOBS, { ...EVERYTHING, ...choice }).map((info) => info.jobId);

describe("narrow", () => {
	test("lets everything pass that is not asked for otherwise", () => expect(found({})).toHaveLength(JOBS.length));

	test("finds words in any case, in any order, in name, message and metadata", () => {
		expect(found({ words: "CHAPTERS key" })).toEqual(["keynote"]);
		expect(found({ words: "mira" })).toEqual(["keynote"]);
		expect(found({ words: "  " })).toHaveLength(JOBS.length);
		expect(found({ words: "keynote standup" })).toEqual([]);
	});

	test("keeps to stage and pipeline", () => {
		expect(found({ status: "queued" })).toEqual(["standup"]);
		expect(found({ pipeline: "shorts" })).toEqual(["standup"]);
	});

	test("knows kinds, and counts what it would show of each", () => {
		expect(found({ kind: "simulated" })).toEqual(["podcast", "slow"]);
		expect(found({ kind: "trouble" })).toEqual(["lost", "slow"]);
		expect(countKinds(JOBS)).toEqual({ all: 5, running: 3, queued: 1, simulated: 2, trouble: 2 });
	});
});
