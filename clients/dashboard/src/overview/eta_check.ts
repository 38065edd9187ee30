/** Whether what is believed of the stages has come true: of 10 stays 8 should lie within the interval. */
import { durationMs } from "@bufbuild/protobuf/wkt";

import { type ProgressClient, StageOutcome, type StageSpan, type StageStats } from "progressd";

export interface Hits {
	readonly inside: number;
	readonly all: number;
}

/** Stays that are over, in stages of which something was learned. */
export function hitsOf(stages: readonly StageStats[], spans: readonly StageSpan[]): Hits {
	let inside = 0;
	let all = 0;
	for (const span of spans) {
		const stats = stages.find((stage) => stage.stage === span.stage);
		if (stats === undefined || stats.jobs === 0n || span.outcome !== StageOutcome.FINISHED) continue;
		const seconds = span.duration === undefined ? 0 : durationMs(span.duration) / 1000;
		all++;
		if (seconds >= stats.loSeconds && seconds <= stats.hiSeconds) inside++;
	}
	return { inside, all };
}

/** The stays of these jobs, those of jobs that are gone left out. */
export async function readSpans(
	client: ProgressClient,
	jobIds: readonly string[],
	signal: AbortSignal,
): Promise<StageSpan[]> {
	const spans: StageSpan[] = [];
	for (const jobId of jobIds) {
		if (signal.aborted) return [];
		const answer = await client.getJobHistory({ jobId }, { signal }).catch(() => undefined);
		spans.push(...(answer?.spans ?? []));
	}
	return spans;
}
