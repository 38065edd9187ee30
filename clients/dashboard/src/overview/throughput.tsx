/** Jobs that ended, as columns over time. */
import { type ReactNode } from "react";

import { type Bucket, sumOf } from "./buckets";
import css from "./overview.module.css";

const KINDS = ["cancelled", "failed", "succeeded"] as const;
const DAY_MS = 86_400_000;

/** A height for the picture that leaves numbers people like. */
export function topOf(most: number): number {
	const steps = [2, 4, 6, 8, 10, 20, 40, 60, 80, 100];
	const scale = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, most))) - 1);
	return (steps.find((step) => step * scale >= most) ?? 100) * scale;
}

export function Throughput({ buckets, bucketMs }: { buckets: readonly Bucket[]; bucketMs: number }): ReactNode {
	const top = topOf(Math.max(...buckets.map((bucket) => bucket.succeeded + bucket.failed + bucket.cancelled)));
	const sum = sumOf(buckets);
	const middle = buckets[Math.floor(buckets.length / 2)];
	return (
		<figure className={css.chart}>
			<figcaption className={css.hidden}>
				{sum.all} jobs ended: {sum.succeeded} succeeded, {sum.failed} failed, {sum.cancelled} cancelled.
			</figcaption>
			<div className={css.scale} aria-hidden>
				<span>{top.toLocaleString("en")}</span>
				<span>{(top / 2).toLocaleString("en")}</span>
				<span>0</span>
			</div>
			<div className={css.plot} aria-hidden>
				{buckets.map((bucket) => (
					<div key={bucket.startMs} className={css.column} title={titleOf(bucket, bucketMs)}>
						{KINDS.map((kind) => (
							<span key={kind} data-look={kind} style={{ height: `${(100 * bucket[kind]) / top}%` }} />
						))}
					</div>
				))}
			</div>
			<div className={css.times} aria-hidden>
				<span>{nameOf(buckets[0]?.startMs, bucketMs)}</span>
				<span>{nameOf(middle?.startMs, bucketMs)}</span>
				<span>now</span>
			</div>
		</figure>
	);
}

function nameOf(timeMs: number | undefined, bucketMs: number): string {
	if (timeMs === undefined) return "";
	const date = new Date(timeMs);
	return bucketMs * 8 > DAY_MS
		? date.toLocaleDateString(undefined, { weekday: "short", day: "numeric", month: "short" })
		: date.toLocaleTimeString(undefined, { timeStyle: "short" });
}

function titleOf(bucket: Bucket, bucketMs: number): string {
	const counts = `${bucket.succeeded} succeeded, ${bucket.failed} failed, ${bucket.cancelled} cancelled`;
	return `${nameOf(bucket.startMs, bucketMs)}: ${counts}`;
}
