/** The picture of a job: one bar for each stay in a stage, on one axis of time. */
import { useMediaQuery } from "@mantine/hooks";
import { type ReactNode } from "react";

import { StageOutcome, type StageSpan } from "progressd";

import { formatClock, formatDuration } from "../parts/format";
import { useNow } from "../parts/use_now";
import { axisOf, type Bar, type Lane } from "./axis";
import css from "./job.module.css";

const OUTCOMES: Partial<Record<StageOutcome, { word: string; look: string }>> = {
	[StageOutcome.RUNNING]: { word: "under way", look: "running" },
	[StageOutcome.FINISHED]: { word: "finished", look: "finished" },
	[StageOutcome.FAILED]: { word: "failed", look: "failed" },
	[StageOutcome.CANCELLED]: { word: "cancelled", look: "cancelled" },
	[StageOutcome.SUPERSEDED]: { word: "given up for a new attempt", look: "cancelled" },
};

/** Beyond this share of the axis there is no room for a number to the right of the bar. */
const ROOM = 0.8;

export function Timeline({ spans }: { spans: readonly StageSpan[] }): ReactNode {
	const nowMs = useNow();
	const isNarrow = useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false });
	if (spans.length === 0) return null;
	const { lanes, seconds, ticks } = axisOf(spans, nowMs, isNarrow ? 4 : 8);
	return (
		<div className={css.timeline}>
			<div className={css.axis} aria-hidden>
				{ticks.map((tick) => (
					<span key={tick} className={css.tick} style={{ left: `${(100 * tick) / seconds}%` }}>
						<span>{formatClock(tick)}</span>
					</span>
				))}
			</div>
			{lanes.map((lane) => (
				<LaneOf key={`${lane.attempt} ${lane.run}`} lane={lane} isNamed={lanes.length > 1} />
			))}
		</div>
	);
}

function nameOf(lane: Lane): string {
	return lane.run > 1 ? `Attempt ${lane.attempt}, posting` : `Attempt ${lane.attempt}`;
}

function LaneOf({ lane, isNamed }: { lane: Lane; isNamed: boolean }): ReactNode {
	return (
		<>
			{isNamed && <h3 className={css.laneName}>{nameOf(lane)}</h3>}
			<ol className={css.lane} aria-label={nameOf(lane)}>
				{lane.bars.map((bar, index) => (
					<BarOf key={index} bar={bar} />
				))}
			</ol>
		</>
	);
}

function BarOf({ bar }: { bar: Bar }): ReactNode {
	const { word, look } = OUTCOMES[bar.span.outcome] ?? { word: "", look: "finished" };
	const end = bar.left + bar.width;
	const place = end > ROOM ? { right: `${100 - 100 * bar.left}%` } : { left: `${100 * end}%` };
	const isInside = end > ROOM && bar.left < 1 - ROOM;
	return (
		<li className={css.stay} title={`${bar.span.label}: ${formatDuration(bar.seconds)}, ${word}`}>
			<span className={css.stayName}>{bar.span.label}</span>
			<span className={css.strip}>
				<span
					className={css.stayBar}
					data-look={look}
					style={{ left: `${100 * bar.left}%`, width: `${100 * bar.width}%` }}
				/>
				<span
					className={css.stayTime}
					data-inside={isInside}
					style={isInside ? { right: `${100 - 100 * end}%` } : place}
				>
					{formatDuration(bar.seconds)}
					<span className={css.hidden}>, {word}</span>
				</span>
			</span>
		</li>
	);
}
