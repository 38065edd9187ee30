/** How many jobs ended when. Pure. */
import { timestampMs } from "@bufbuild/protobuf/wkt";

import { JobState, type ProgressInfo } from "progressd";

import { type Counts, noneOf } from "../parts/counts";

export interface Range {
	readonly name: string;
	readonly words: string;
	readonly bucketMs: number;
	readonly count: number;
}

const MINUTE_MS = 60_000;

export const RANGES: readonly [Range, ...Range[]] = [
	{ name: "hour", words: "Hour", bucketMs: 2 * MINUTE_MS, count: 30 },
	{ name: "day", words: "Day", bucketMs: 60 * MINUTE_MS, count: 24 },
	{ name: "week", words: "Week", bucketMs: 6 * 60 * MINUTE_MS, count: 28 },
];

const ENDS = ["succeeded", "failed", "cancelled"] as const;

export interface Bucket extends Counts<(typeof ENDS)[number]> {
	readonly startMs: number;
}

/** Buckets up to the one that holds now, the oldest first. */
export function bucketsOf(jobs: readonly ProgressInfo[], range: Range, nowMs: number): readonly Bucket[] {
	const last = Math.floor(nowMs / range.bucketMs);
	const first = last - range.count + 1;
	const buckets: Bucket[] = Array.from({ length: range.count }, (_, index) => ({
		startMs: (first + index) * range.bucketMs,
		...noneOf(ENDS),
	}));
	for (const info of jobs) {
		if (info.endTime === undefined) continue;
		const bucket = buckets[Math.floor(timestampMs(info.endTime) / range.bucketMs) - first];
		if (bucket === undefined) continue;
		if (info.state === JobState.SUCCEEDED) bucket.succeeded++;
		else if (info.state === JobState.FAILED) bucket.failed++;
		else bucket.cancelled++;
	}
	return buckets;
}

export function sumOf(buckets: readonly Bucket[]): Omit<Bucket, "startMs"> & { readonly all: number } {
	const sum = noneOf(ENDS);
	for (const bucket of buckets) {
		sum.succeeded += bucket.succeeded;
		sum.failed += bucket.failed;
		sum.cancelled += bucket.cancelled;
	}
	return { ...sum, all: sum.succeeded + sum.failed + sum.cancelled };
}
