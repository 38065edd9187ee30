/** Many jobs as a hook. */
import { create, type MessageInitShape, toJsonString } from "@bufbuild/protobuf";
import { useCallback, useMemo, useSyncExternalStore } from "react";

import { type ProgressInfo } from "../gen/progress/v1/job_pb.js";
import { JobFilterSchema } from "../gen/progress/v1/progress_service_pb.js";
import { type ConnectionState } from "../live/link.js";
import { NO_JOBS } from "../live/list_cell.js";
import { useConnection, useHub } from "./context.js";
import { Throttle } from "./throttle.js";

/** Which jobs; what is not said lets all pass. */
export type JobsFilter = Pick<
	MessageInitShape<typeof JobFilterSchema>,
	"states" | "stages" | "pipeline" | "parent" | "jobIdPrefix"
>;

export interface UseJobsOptions {
	/** How many jobs to load at first, and with each `loadMore`; default 50. */
	pageSize?: number;
	/** How often to ask, in milliseconds, where changes cannot be pushed; default 2000. */
	pollInterval?: number;
	/** Shows changes at most once in so many milliseconds; default 100. */
	throttleMs?: number;
}

export interface UseJobsResult {
	/** The newest first; the same array until something changes. */
	jobs: readonly ProgressInfo[];
	error: string | null;
	isLoading: boolean;
	/** There are older jobs. */
	hasMore: boolean;
	/** Shows some older jobs, too. */
	loadMore: () => void;
	connection: ConnectionState;
}

const PAGE_SIZE = 50;
const POLL_MS = 2_000;
const THROTTLE_MS = 100;

/** Lists the jobs that pass a filter, and keeps the list up to date. */
export function useJobs(filter: JobsFilter = {}, options: UseJobsOptions = {}): UseJobsResult {
	const { pageSize = PAGE_SIZE, pollInterval = POLL_MS, throttleMs = THROTTLE_MS } = options;
	const hub = useHub();
	const connection = useConnection();
	const text = toJsonString(JobFilterSchema, create(JobFilterSchema, filter));
	const list = useMemo(() => {
		const wanted = create(JobFilterSchema, filter);
		return { obtain: () => hub.list(`${String(pageSize)} ${text}`, wanted, pageSize), snapshot: NO_JOBS };
		// eslint-disable-next-line react-hooks/exhaustive-deps -- the text stands for the filter
	}, [hub, text, pageSize]);

	const subscribe = useCallback(
		(notify: () => void) => {
			const cell = list.obtain();
			const throttle = new Throttle(() => {
				list.snapshot = cell.snapshot;
				notify();
			}, throttleMs);
			const stop = hub.listen(cell, () => throttle.ask(), pollInterval);
			queueMicrotask(() => throttle.ask());
			return () => {
				throttle.end();
				stop();
			};
		},
		[hub, list, pollInterval, throttleMs],
	);
	const { jobs, error, isLoading, hasMore } = useSyncExternalStore(
		subscribe,
		() => list.snapshot,
		() => NO_JOBS,
	);
	const loadMore = useCallback(() => {
		const cell = list.obtain();
		cell.wantMore();
		hub.reload(cell);
	}, [hub, list]);

	return { jobs, error: error?.rawMessage ?? null, isLoading, hasMore, loadMore, connection };
}
