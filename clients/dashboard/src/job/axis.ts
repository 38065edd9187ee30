/** Where things stand on the time axis of a job. Pure. */
import { timestampMs } from "@bufbuild/protobuf/wkt";

import { StageOutcome, type StageSpan } from "progressd";

export interface Bar {
	readonly span: StageSpan;
	/** Shares of the axis, 0 to 1. */
	readonly left: number;
	readonly width: number;
	readonly seconds: number;
	readonly isRunning: boolean;
}

/** The stays of one attempt and run. */
export interface Lane {
	readonly attempt: number;
	readonly run: number;
	readonly bars: readonly Bar[];
}

export interface Axis {
	readonly lanes: readonly Lane[];
	/** Length of the whole axis. */
	readonly seconds: number;
	/** Seconds from the start at which there is a line. */
	readonly ticks: readonly number[];
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];
const SECONDS_MIN = 1;

/** A step of the axis that people can read, so that there are at most `count` lines. */
export function stepOf(seconds: number, count: number): number {
	const wanted = seconds / count;
	return STEPS.find((step) => step >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400;
}

export function axisOf(spans: readonly StageSpan[], nowMs: number, tickCount: number): Axis {
	const starts = spans.map((span) => (span.startTime === undefined ? nowMs : timestampMs(span.startTime)));
	const ends = spans.map((span) => (span.endTime === undefined ? nowMs : timestampMs(span.endTime)));
	const firstMs = Math.min(...starts);
	const seconds = Math.max(SECONDS_MIN, (Math.max(...ends) - firstMs) / 1000);
	const lanes: { attempt: number; run: number; bars: Bar[] }[] = [];
	spans.forEach((span, index) => {
		const from = ((starts[index] ?? firstMs) - firstMs) / 1000;
		const length = Math.max(0, ((ends[index] ?? firstMs) - firstMs) / 1000 - from);
		const bar: Bar = {
			span,
			left: from / seconds,
			width: length / seconds,
			seconds: length,
			isRunning: span.outcome === StageOutcome.RUNNING,
		};
		const lane = lanes.find((each) => each.attempt === span.attempt && each.run === span.run);
		if (lane === undefined) lanes.push({ attempt: span.attempt, run: span.run, bars: [bar] });
		else lane.bars.push(bar);
	});
	const step = stepOf(seconds, tickCount);
	const ticks = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
	return { lanes, seconds, ticks };
}
