/** Times of a job that go on by themselves. */
import { type Timestamp, timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { type ReactNode } from "react";

import { isFinal, type ProgressInfo, serverNow } from "progressd";

import { formatAgo, formatDuration, formatGuess } from "./format";
import { useNow } from "./use_now";

/** When an info was seen first: from then on its time left grows shorter by itself. */
const seenMs = new WeakMap<ProgressInfo, number>();

function passedSeconds(info: ProgressInfo, nowMs: number): number {
	let seen = seenMs.get(info);
	if (seen === undefined) seenMs.set(info, (seen = serverNow()));
	return Math.max(0, (nowMs - seen) / 1000);
}

/** What is left of a job's time, as a guess; nothing of a job that has ended. */
export function EtaText({ info, isLong = false }: { info: ProgressInfo; isLong?: boolean }): ReactNode {
	const nowMs = useNow();
	const { eta } = info;
	if (isFinal(info)) return null;
	if (eta === undefined) return isLong ? "time left not known" : <span title="Not known">–</span>;
	const passed = passedSeconds(info, nowMs);
	const left = (seconds: number) => formatGuess(Math.max(0, seconds - passed));
	const range = `${left(eta.loSeconds)} to ${left(eta.hiSeconds)}`;
	if (!isLong) return <span title={`In 4 of 5 cases ${range}`}>{left(eta.seconds)}</span>;
	return (
		<>
			about {left(eta.seconds)} left <span>· in 4 of 5 cases {range}</span>
		</>
	);
}

/** How long ago something was; the exact time on hovering. */
export function AgoText({ time }: { time: Timestamp | undefined }): ReactNode {
	const nowMs = useNow();
	if (time === undefined) return "–";
	const date = timestampDate(time);
	return (
		<time dateTime={date.toISOString()} title={formatMoment(time)}>
			{formatAgo((nowMs - timestampMs(time)) / 1000)}
		</time>
	);
}

/** The time between two moments, or up to now. */
export function SpanText({ from, to }: { from: Timestamp | undefined; to: Timestamp | undefined }): ReactNode {
	const nowMs = useNow();
	if (from === undefined) return "–";
	return formatDuration(((to === undefined ? nowMs : timestampMs(to)) - timestampMs(from)) / 1000);
}

/** The time of day; the date on hovering. */
export function ClockText({ timeMs }: { timeMs: number }): ReactNode {
	const date = new Date(timeMs);
	return (
		<time dateTime={date.toISOString()} title={date.toLocaleString()}>
			{date.toLocaleTimeString(undefined, { timeStyle: "medium" })}
		</time>
	);
}

/** Day and time in the reader's own way. */
export function formatMoment(time: Timestamp): string {
	return timestampDate(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}
