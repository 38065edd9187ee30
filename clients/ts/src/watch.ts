/**
 * Following jobs through all troubles that pass: a snapshot first, then every change, each connection going on behind the
 * resume token of the last answer.
 */
import { equals, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import { Backoff, pause } from "./backoff.js";
import { type ProgressClient } from "./client.js";
import { passesByItself } from "./errors.js";
import { EventKind, type ProgressEvent, type ProgressInfo, ProgressInfoSchema } from "./gen/progress/v1/job_pb.js";
import { type JobFilterSchema, WatchMode } from "./gen/progress/v1/progress_service_pb.js";
import { isFinal } from "./stages.js";

/** One answer of WatchProgress or WatchJobs. */
export interface WatchAnswer {
	readonly events: ProgressEvent[];
	readonly resumeToken: string;
	/** The token was too old: the events are a new snapshot. */
	readonly resync: boolean;
}

export interface WatchOptions {
	/** Ends the watch in good order. */
	signal?: AbortSignal;
	/** Every change, or the latest state with changes in between merged (the default). */
	mode?: WatchMode;
	/** Goes on behind the answer of an earlier watch that had this token. */
	resumeToken?: string;
	/** Waits for the job to be created instead of failing with NOT_FOUND. */
	waitForCreation?: boolean;
}

const RETRY_MS_MAX = 2_000;
/** The service answers at least this often, if only that there is nothing new. */
export const QUIET_MS = 10_000;
/** A connection that is silent for longer is dead: the machine slept, or something on the way forgot it. */
export const SILENCE_MS = 2.5 * QUIET_MS;

/** Opens one stream behind a token. */
export type OpenWatch = (resumeToken: string, signal: AbortSignal) => AsyncIterable<WatchAnswer>;

/** The answers of one connection, until it ends; UNAVAILABLE if it falls silent. */
export async function* readConnection(
	open: OpenWatch,
	resumeToken: string,
	signal: AbortSignal,
): AsyncGenerator<WatchAnswer> {
	const controller = new AbortController();
	const silent = () => controller.abort(new ConnectError("the stream fell silent", Code.Unavailable));
	const stop = () => controller.abort(signal.reason);
	let timer = setTimeout(silent, SILENCE_MS);
	signal.addEventListener("abort", stop);
	try {
		for await (const answer of open(resumeToken, controller.signal)) {
			clearTimeout(timer);
			yield answer;
			timer = setTimeout(silent, SILENCE_MS);
		}
	} catch (error) {
		throw controller.signal.aborted ? controller.signal.reason : error;
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", stop);
		controller.abort();
	}
}

/** Answers of one connection after the other, until the signal is aborted; throws what does not pass by itself. */
async function* follow(open: OpenWatch, options: WatchOptions): AsyncGenerator<WatchAnswer, void> {
	const signal = options.signal ?? new AbortController().signal;
	const backoff = new Backoff(RETRY_MS_MAX);
	let token = options.resumeToken ?? "";
	while (!signal.aborted) {
		try {
			for await (const answer of readConnection(open, token, signal)) {
				token = answer.resumeToken;
				backoff.reset();
				yield answer;
			}
		} catch (error) {
			if (signal.aborted) return;
			if (!passesByItself(error)) throw error;
		}
		await pause(backoff.next(), signal);
	}
}

/**
 * Whether a state says something that the known one does not. The service moves the shown values between two changes, too;
 * the revision stays then, and what is further is newer.
 */
export function isNews(info: ProgressInfo, known: ProgressInfo | undefined): boolean {
	if (known === undefined || !isSameJob(known, info)) return true;
	if (info.revision !== known.revision) return info.revision > known.revision;
	const isBehind = info.fraction < known.fraction || info.timeFraction < known.timeFraction;
	return !isBehind && !equals(ProgressInfoSchema, info, known);
}

/** Whether both tell of the same job, and not of one that was made anew under the same name. */
function isSameJob(one: ProgressInfo, other: ProgressInfo): boolean {
	const [first, second] = [one.createTime, other.createTime];
	return (first && timestampMs(first)) === (second && timestampMs(second));
}

/**
 * The present state of a job and then each change, until it has ended or was deleted. NOT_FOUND: there is no such job. Lost
 * connections and restarts of the service are survived without limit.
 */
export async function* watchJob(
	client: ProgressClient,
	jobId: string,
	options: WatchOptions = {},
): AsyncGenerator<ProgressEvent, void> {
	const { mode = WatchMode.LATEST, waitForCreation = false } = options;
	const timeout = durationFromMs(QUIET_MS);
	let known: ProgressInfo | undefined;
	const open: OpenWatch = (resumeToken, signal) =>
		client.watchProgress({ jobId, resumeToken, mode, waitForCreation, timeout }, { signal, timeoutMs: 0 });
	for await (const { events } of follow(open, options)) {
		for (const event of events) {
			const info = event.progressInfo;
			if (info === undefined) continue;
			const isDeleted = event.kind === EventKind.DELETED;
			if (!isDeleted && !isNews(info, known)) continue;
			known = info;
			yield event;
			if (isDeleted || isFinal(info)) return;
		}
	}
}

/**
 * The answers about all jobs that pass a filter, for ever or until the signal is aborted: a snapshot first, then every
 * change. An answer with `resync` begins a new snapshot: what it does not hold is gone.
 */
export function watchJobs(
	client: ProgressClient,
	filter: MessageInitShape<typeof JobFilterSchema> = {},
	options: Omit<WatchOptions, "waitForCreation"> = {},
): AsyncGenerator<WatchAnswer, void> {
	const { mode = WatchMode.LATEST } = options;
	const timeout = durationFromMs(QUIET_MS);
	return follow(
		(resumeToken, signal) => client.watchJobs({ filter, resumeToken, mode, timeout }, { signal, timeoutMs: 0 }),
		options,
	);
}
