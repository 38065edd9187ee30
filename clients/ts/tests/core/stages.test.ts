import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";

import {
	findStage,
	getAllStages,
	getStageLabel,
	getStages,
	isFinal,
	JobState,
	PipelineStage,
	ProgressInfoSchema,
	StageFlow,
	VERSION,
} from "../../src/index.js";

const TREE = new URL("../../../../", import.meta.url);
const read = (path: string) => readFileSync(fileURLToPath(new URL(path, TREE)), "utf8");

/** Each stage of the .proto with its option, read as text. */
const written = [
	...read("proto/progress/v1/stages.proto").matchAll(/PIPELINE_STAGE_(\w+) = (\d+) \[\(stage\) = \{(.*?)\}\]/gs),
].map(([, name = "", number = "", option = ""]) => ({
	status: name.toLowerCase(),
	stage: Number(number),
	startPercent: Number(/start_percent: (\d+)/.exec(option)?.[1]),
	endPercent: Number(/end_percent: (\d+)/.exec(option)?.[1]),
	typicalSeconds: Number(/typical_seconds: (\d+)/.exec(option)?.[1] ?? 0),
	label: /label: "(.*)"/.exec(option)?.[1],
	flow: StageFlow[/flow: STAGE_FLOW_(\w+)/.exec(option)?.[1] as keyof typeof StageFlow],
	endsAs: JobState[(/ends_as: JOB_STATE_(\w+)/.exec(option)?.[1] ?? "UNSPECIFIED") as keyof typeof JobState],
}));

describe("getStages", () => {
	test("says what the schema says, in its order", () => {
		expect(written.length).toBeGreaterThan(10);
		expect(getStages().map(({ $typeName: _, ...row }) => row)).toEqual(written);
	});
});

describe("getAllStages", () => {
	test("gives the start of each stage by its status", () => {
		const all = getAllStages();
		expect(Object.keys(all)).toEqual(written.map((row) => row.status));
		expect(all).toMatchObject({ queued: 0, downloading: 5, transcribing: 25, completed: 100, failed: 0 });
	});
});

describe("getStageLabel", () => {
	test("knows every stage by number and by status in any case", () => {
		for (const row of written) {
			expect(getStageLabel(row.stage)).toBe(row.label);
			expect(getStageLabel(row.status)).toBe(row.label);
			expect(getStageLabel(row.status.toUpperCase())).toBe(row.label);
		}
	});

	test("makes a status that is newer than the package readable", () => {
		expect(getStageLabel("adding_music")).toBe("Adding music");
	});
});

describe("findStage", () => {
	test("does not find what is none", () => {
		expect(findStage("UNSPECIFIED")).toBeUndefined();
		expect(findStage(PipelineStage.UNSPECIFIED)).toBeUndefined();
	});
});

describe("isFinal", () => {
	test.each([
		[JobState.ACTIVE, false],
		[JobState.STALLED, false],
		[JobState.SUCCEEDED, true],
		[JobState.FAILED, true],
		[JobState.CANCELLED, true],
	])("of state %i is %s", (state, expected) => {
		expect(isFinal(create(ProgressInfoSchema, { state }))).toBe(expected);
	});
});

describe("VERSION", () => {
	test("is that of the daemon, and of package.json", () => {
		const daemon = /^project\(progressd VERSION ([0-9.]+) /m.exec(read("CMakeLists.txt"))?.[1];
		const own = (JSON.parse(read("clients/ts/package.json")) as { version: string }).version;
		expect([VERSION, own]).toEqual([daemon, daemon]);
	});
});
