/** A stage as a piece of code: entered before, reported in between, and well or badly ended after. */
import { setImmediate } from "node:timers/promises";

import { ConnectError } from "@connectrpc/connect";

import { PipelineStage } from "../gen/progress/v1/stages_pb.js";
import { cut, JobCancelledError, type Reporter, type ReporterOptions, STOPPING } from "./reporter.js";
import { type ProgressTracker, type StageLike } from "./tracker.js";

const BREATH_MS = 20;

/** What `ProgressTracker.runStage` does. */
export async function runStage<T>(
	tracker: ProgressTracker,
	jobId: string,
	stage: StageLike,
	work: (reporter: Reporter) => Promise<T>,
	options: ReporterOptions,
): Promise<T> {
	const reporter = await tracker.reporter(jobId, stage, options);
	let result: T;
	try {
		result = await work(reporter);
	} catch (error) {
		await reporter.stop();
		await endBadly(tracker, jobId, error, options);
		throw error;
	}
	await reporter.finish();
	return result;
}

/** What `ProgressTracker.track` does. */
export async function* track<T>(
	tracker: ProgressTracker,
	items: Iterable<T> | AsyncIterable<T>,
	jobId: string,
	stage: StageLike,
	options: ReporterOptions,
): AsyncGenerator<T, void> {
	const total = options.total ?? (Array.isArray(items) && items.length > 0 ? items.length : undefined);
	const reporter = await tracker.reporter(jobId, stage, { ...options, ...(total !== undefined && { total }) });
	let hasFailed = false;
	try {
		yield* counted(items, reporter);
	} catch (error) {
		hasFailed = true;
		await reporter.stop();
		await endBadly(tracker, jobId, error, options);
		throw error;
	} finally {
		if (!hasFailed) await reporter.finish(); // also when the loop was left early
	}
}

async function* counted<T>(items: Iterable<T> | AsyncIterable<T>, reporter: Reporter): AsyncGenerator<T, void> {
	let done = 0;
	let breathed = performance.now();
	for await (const item of items) {
		reporter.throwIfStopped();
		yield item;
		reporter.tick(++done);
		if (performance.now() - breathed < BREATH_MS) continue;
		await setImmediate(); // so that reports are sent though the loop's own work never waits
		breathed = performance.now();
	}
}

/** Ends the job, unless it is not this worker's any more. That this fails must not hide why it ends. */
async function endBadly(
	tracker: ProgressTracker,
	jobId: string,
	error: unknown,
	options: ReporterOptions,
): Promise<void> {
	if (error instanceof ConnectError && STOPPING.has(error.code)) return;
	const stage = error instanceof JobCancelledError ? PipelineStage.CANCELLED : PipelineStage.FAILED;
	const attempt = options.attempt === undefined ? {} : { attempt: options.attempt };
	await tracker.updateProgress(jobId, stage, { message: shown(error), ...attempt }).catch(() => undefined);
}

/** A text fit for a message: no control characters, no half characters, not too long. */
function shown(error: unknown): string {
	const text = error instanceof Error ? error.message : String(error);
	return cut(text.replace(/\p{Cc}+/gu, " ").replace(/\p{Cs}/gu, "\ufffd"));
}
