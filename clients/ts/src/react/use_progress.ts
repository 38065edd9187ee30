/** One job as a hook: its present state, and what is to be told of it. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";

import { type ProgressInfo } from "../gen/progress/v1/job_pb.js";
import { JobState } from "../gen/progress/v1/stages_pb.js";
import { type JobSnapshot, NO_JOB } from "../live/job_cell.js";
import { type ConnectionState } from "../live/link.js";
import { getStageLabel, isFinal } from "../stages.js";
import { useConnection, useHub } from "./context.js";
import { Throttle } from "./throttle.js";

export interface UseProgressOptions {
	/** The job has succeeded. Called exactly once, also if it had when the page came; again only if the posting flow, which is
	 * a run of its own, ends too. */
	onComplete?: (info: ProgressInfo) => void;
	/** The job has failed or was cancelled (then there is an info), or cannot be read. Called once for each reason. */
	onError?: (error: Error, info: ProgressInfo | undefined) => void;
	/** There is a new state. */
	onChange?: (info: ProgressInfo) => void;
	/** How often to ask, in milliseconds, where changes cannot be pushed; default 2000. */
	pollInterval?: number;
	/** Shows at most one change in so many milliseconds; the last one, and the end, are never lost. */
	throttleMs?: number;
}

export interface UseProgressResult {
	/** The newest state; null: not known. */
	progressInfo: ProgressInfo | null;
	/** Why the job has failed, or cannot be read; null: there is nothing wrong. Trouble that passes by itself is none. */
	error: string | null;
	/** Nothing is known yet. */
	isLoading: boolean;
	connection: ConnectionState;
}

const POLL_MS = 2_000;

/** Follows a job. null, undefined and "": none. */
export function useProgress(jobId: string | null | undefined, options: UseProgressOptions = {}): UseProgressResult {
	const { pollInterval = POLL_MS, throttleMs = 0 } = options;
	const hub = useHub();
	const connection = useConnection();
	const tell = useTeller(options);
	const shown = useMemo(() => ({ jobId, hub, snapshot: NO_JOB }), [jobId, hub]);

	const subscribe = useCallback(
		(notify: () => void) => {
			if (!jobId) return () => undefined;
			const cell = hub.job(jobId);
			const show = () => {
				shown.snapshot = cell.snapshot;
				tell(jobId, cell.snapshot);
				notify();
			};
			const throttle = new Throttle(show, throttleMs);
			const changed = () => throttle.ask(isEnd(cell.snapshot));
			const stop = hub.listen(cell, changed, pollInterval);
			if (cell.snapshot !== NO_JOB) queueMicrotask(changed);
			return () => {
				throttle.end();
				stop();
			};
		},
		[hub, jobId, pollInterval, throttleMs, shown, tell],
	);
	const { info, error } = useSyncExternalStore(
		subscribe,
		() => shown.snapshot,
		() => NO_JOB,
	);

	return {
		progressInfo: info ?? null,
		error: error?.rawMessage ?? failureOf(info),
		isLoading: Boolean(jobId) && info === undefined && error === undefined,
		connection,
	};
}

function isEnd({ info, error }: JobSnapshot): boolean {
	return error !== undefined || (info !== undefined && isFinal(info));
}

/** Why a job that has ended has not succeeded. */
function failureOf(info: ProgressInfo | undefined): string | null {
	if (info === undefined || !isFinal(info) || info.state === JobState.SUCCEEDED) return null;
	return info.error || info.message || info.label || getStageLabel(info.stage);
}

/** Calls the callbacks of the latest render; each end and each error once, whatever React mounts twice. */
function useTeller(options: UseProgressOptions): (jobId: string, snapshot: JobSnapshot) => void {
	const latest = useRef(options);
	const told = useRef({ end: "", error: "", info: undefined as ProgressInfo | undefined });
	useEffect(() => {
		latest.current = options;
	});
	return useCallback((jobId, { info, error }) => {
		const { onChange, onComplete, onError } = latest.current;
		const before = told.current;
		if (info !== undefined && info !== before.info) {
			before.info = info;
			onChange?.(info);
		}
		const reason = error === undefined ? "" : `${jobId} ${error.message}`;
		if (error !== undefined && reason !== before.error) onError?.(error, info);
		before.error = reason;
		if (info === undefined || error !== undefined || !isFinal(info)) return;
		const end = endOf(info);
		if (end === before.end) return;
		before.end = end;
		if (info.state === JobState.SUCCEEDED) onComplete?.(info);
		else onError?.(new JobFailedError(failureOf(info) ?? "", info), info);
	}, []);
}

/** What is one end, however often it is heard of: of a job, and of a run of its bar. */
function endOf(info: ProgressInfo): string {
	const created = info.createTime === undefined ? "" : String(timestampMs(info.createTime));
	return `${info.jobId} ${created} ${String(info.run)}`;
}

/** The job has failed or was cancelled. */
export class JobFailedError extends Error {
	constructor(
		message: string,
		readonly info: ProgressInfo,
	) {
		super(message);
		this.name = "JobFailedError";
	}
}
