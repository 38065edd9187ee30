/** All jobs under way, kept up to date. */
import { useEffect } from "react";

import { JobState } from "progressd";
import { useJobs, type UseJobsResult } from "progressd/react";

const LIVE = { states: [JobState.ACTIVE, JobState.STALLED] };
/** The most the service gives at once. */
const PAGE_SIZE = 1000;
/** A person reads no faster; bars move by themselves meanwhile. */
const THROTTLE_MS = 250;

export function useLiveJobs(): UseJobsResult {
	const result = useJobs(LIVE, { pageSize: PAGE_SIZE, throttleMs: THROTTLE_MS });
	const { hasMore, loadMore, jobs } = result;
	useEffect(() => {
		if (hasMore) loadMore();
	}, [hasMore, loadMore, jobs.length]);
	return result;
}
