/** The table of stages as the schema of this package says it, read from the descriptors. */
import { create, getOption } from "@bufbuild/protobuf";

import { type ProgressInfo } from "./gen/progress/v1/job_pb.js";
import { type StageInfo, StageInfoSchema } from "./gen/progress/v1/progress_service_pb.js";
import {
	JobState,
	type PipelineStage,
	PipelineStageSchema,
	stage as stageOption,
} from "./gen/progress/v1/stages_pb.js";

interface Table {
	readonly rows: readonly StageInfo[];
	readonly byStage: ReadonlyMap<PipelineStage, StageInfo>;
	readonly byStatus: ReadonlyMap<string, StageInfo>;
	readonly finalStates: ReadonlySet<JobState>;
}

let table: Table | undefined;

function readTable(): Table {
	const rows = PipelineStageSchema.values
		.filter((value) => value.number !== 0)
		.map((value) => {
			const { $typeName: _, ...options } = getOption(value, stageOption);
			return create(StageInfoSchema, { ...options, stage: value.number, status: value.localName.toLowerCase() });
		});
	return {
		rows,
		byStage: new Map(rows.map((row) => [row.stage, row])),
		byStatus: new Map(rows.map((row) => [row.status, row])),
		finalStates: new Set(rows.map((row) => row.endsAs).filter((state) => state !== JobState.UNSPECIFIED)),
	};
}

function getTable(): Table {
	return (table ??= readTable());
}

/** All stages in their order, with percentages, labels and flows. */
export function getStages(): readonly StageInfo[] {
	return getTable().rows;
}

/** The percentage each stage begins with, by status, in order. */
export function getAllStages(): Record<string, number> {
	return Object.fromEntries(getStages().map((row) => [row.status, row.startPercent]));
}

/** The row of a stage, given as enum value or as status in any case; undefined: this package does not know it. */
export function findStage(stage: PipelineStage | string): StageInfo | undefined {
	return typeof stage === "string" ? getTable().byStatus.get(stage.toLowerCase()) : getTable().byStage.get(stage);
}

/** What to show to people for a stage. A status that is newer than this package is made readable. */
export function getStageLabel(stage: PipelineStage | string): string {
	const label = findStage(stage)?.label;
	if (label !== undefined) return label;
	const words = (typeof stage === "string" ? stage : String(stage)).replaceAll("_", " ").trim();
	return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/** Whether the job has ended: succeeded, failed or cancelled. */
export function isFinal(info: Pick<ProgressInfo, "state">): boolean {
	return getTable().finalStates.has(info.state);
}
