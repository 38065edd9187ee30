/** Which of the live jobs are shown. Pure. */
import { JobState, PipelineStage, type ProgressInfo, ProgressSource } from "progressd";

import { noneOf } from "../parts/counts";
import { troubleOf } from "../parts/mood";

/** The kinds to choose from; every job is of "all", and may be of several others. */
export const KINDS = ["all", "running", "queued", "simulated", "trouble"] as const;
export type Kind = (typeof KINDS)[number];

export const KIND_WORDS: Record<Kind, string> = {
	all: "All",
	running: "Running",
	queued: "Queued",
	simulated: "Simulated",
	trouble: "Trouble",
};

export interface Choice {
	readonly kind: Kind;
	/** Found in the job's name, message, stage or metadata, in any case. */
	readonly words: string;
	/** "": all. */
	readonly status: string;
	readonly pipeline: string;
}

export const EVERYTHING: Choice = { kind: "all", words: "", status: "", pipeline: "" };

function isOfKind(info: ProgressInfo, kind: Kind): boolean {
	switch (kind) {
		case "all":
			return true;
		case "running":
			return info.state === JobState.ACTIVE && info.stage !== PipelineStage.QUEUED;
		case "queued":
			return info.stage === PipelineStage.QUEUED;
		case "simulated":
			return info.source === ProgressSource.SIMULATED;
		case "trouble":
			return troubleOf(info) !== undefined;
	}
}

function holds(info: ProgressInfo, words: readonly string[]): boolean {
	if (words.length === 0) return true;
	const text = [info.jobId, info.message, info.label, ...Object.values(info.metadata)].join("\n").toLowerCase();
	return words.every((word) => text.includes(word));
}

export function narrow(jobs: readonly ProgressInfo[], choice: Choice): readonly ProgressInfo[] {
	const words = choice.words.toLowerCase().split(/\s+/).filter(Boolean);
	return jobs.filter(
		(info) =>
			isOfKind(info, choice.kind) &&
			(choice.status === "" || choice.status === info.status) &&
			(choice.pipeline === "" || choice.pipeline === info.pipeline) &&
			holds(info, words),
	);
}

/** How many jobs there are of each kind. */
export function countKinds(jobs: readonly ProgressInfo[]): Record<Kind, number> {
	const counts = noneOf(KINDS);
	for (const info of jobs) for (const kind of KINDS) if (isOfKind(info, kind)) counts[kind]++;
	return counts;
}
