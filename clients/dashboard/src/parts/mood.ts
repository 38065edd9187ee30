/** What a job looks like at a glance: one of few kinds, with one word and one colour each. */
import { JobState, PipelineStage, ProgressFlag, type ProgressInfo, ProgressSource } from "progressd";

export type Mood = "queued" | "running" | "stalled" | "succeeded" | "failed" | "cancelled";

export function moodOf(info: ProgressInfo): Mood {
	switch (info.state) {
		case JobState.SUCCEEDED:
			return "succeeded";
		case JobState.FAILED:
			return "failed";
		case JobState.CANCELLED:
			return "cancelled";
		case JobState.STALLED:
			return "stalled";
		default:
			return info.stage === PipelineStage.QUEUED ? "queued" : "running";
	}
}

export const MOOD_WORDS: Record<Mood, string> = {
	queued: "Queued",
	running: "Running",
	stalled: "Stalled",
	succeeded: "Succeeded",
	failed: "Failed",
	cancelled: "Cancelled",
};

/** How the shown progress came about. */
export function sourceOf(info: ProgressInfo): { word: string; meaning: string } {
	if (info.stage === PipelineStage.QUEUED) return { word: "Waiting", meaning: "No worker has begun with it." };
	if (info.source === ProgressSource.SIMULATED)
		return { word: "Simulated", meaning: "The service moves the bar by itself; this stage has no reports." };
	if (info.source === ProgressSource.ESTIMATED)
		return { word: "Estimated", meaning: "From reports and from the history of earlier jobs." };
	return { word: "Measured", meaning: "From the worker's own reports." };
}

/** What may be wrong with a job that is under way; undefined: nothing. */
export function troubleOf(info: ProgressInfo): { word: string; meaning: string } | undefined {
	if (info.flag === ProgressFlag.LOST) return { word: "Lost", meaning: "No sign of life of the worker." };
	if (info.state === JobState.STALLED)
		return { word: "Stalled", meaning: "The worker gave no sign of life for longer than its lease." };
	if (info.flag === ProgressFlag.SILENT)
		return { word: "Silent", meaning: "Alive, but this stage has stopped reporting." };
	if (info.flag === ProgressFlag.OVERDUE)
		return { word: "Overdue", meaning: "This stage takes far longer than it ever did." };
	return undefined;
}
