/** A bar that moves smoothly, says what kind of progress it shows, and can be heard as well as seen. */
import { type CSSProperties, type ReactNode, useLayoutEffect, useRef } from "react";

import { type ProgressInfo, ProgressSource } from "../gen/progress/v1/job_pb.js";
import { JobState } from "../gen/progress/v1/stages_pb.js";
import { getStageLabel } from "../stages.js";
import { type DrawnBy } from "./glide.js";
import { useSmoothFraction } from "./use_smooth_fraction.js";

export interface ProgressBarProps {
	/** What to show; null and undefined: not known yet. */
	info: ProgressInfo | null | undefined;
	/** The percent of the stages (the default), or the share of the job's time that is over. */
	by?: DrawnBy;
	/** What the bar is called; by default the job's name. */
	label?: string;
	/** Tells screen readers of each new stage; default true. Better false where there are many bars. */
	announce?: boolean;
	className?: string;
	/** Height, radius, …; colours are the variables --progress-track, --progress-fill, -succeeded, -failed, -stalled. */
	style?: CSSProperties;
}

/** What a bar looks like. */
type Look = "waiting" | "measured" | "simulated" | "stalled" | "succeeded" | "failed" | "cancelled";

const WORDS: Partial<Record<Look, string>> = { simulated: "estimated", stalled: "stalled" };

const COLOURS: Record<Look, string> = {
	waiting: "transparent",
	measured: "var(--progress-fill, #0969da)",
	simulated: "var(--progress-fill, #0969da)",
	stalled: "var(--progress-stalled, #9a6700)",
	succeeded: "var(--progress-succeeded, #1a7f37)",
	failed: "var(--progress-failed, #cf222e)",
	cancelled: "var(--progress-cancelled, #59636e)",
};

const STRIPES = "repeating-linear-gradient(-45deg, transparent 0 6px, rgb(255 255 255 / 0.4) 6px 12px)";

const TRACK: CSSProperties = {
	height: "0.5em",
	overflow: "hidden",
	borderRadius: "0.25em",
	background: "var(--progress-track, #d1d9e0)",
};

const HIDDEN: CSSProperties = {
	position: "absolute",
	width: 1,
	height: 1,
	margin: -1,
	overflow: "hidden",
	clipPath: "inset(50%)",
	whiteSpace: "nowrap",
};

/** Draws a job's progress. `data-look` on the bar says what kind it is, for styles of your own. */
export function ProgressBar(props: ProgressBarProps): ReactNode {
	const { info, by = "progress", label, announce = true, className, style } = props;
	const track = useRef<HTMLDivElement>(null);
	const fill = useRef<HTMLDivElement>(null);
	const look = lookOf(info);
	const stage = info ? info.label || getStageLabel(info.stage) : "Waiting";
	const spoken = WORDS[look] === undefined ? stage : `${stage}, ${WORDS[look]}`;

	const draw = (fraction: number) => {
		if (fill.current === null) return;
		fill.current.style.transform = `translateX(${(fraction * 100 - 100).toFixed(3)}%)`;
		const percent = String(Math.floor(fraction * 100 + 1e-9));
		if (track.current?.ariaValueNow === percent) return;
		track.current?.setAttribute("aria-valuenow", percent);
		track.current?.setAttribute("aria-valuetext", `${percent} %, ${spoken}`);
	};
	useSmoothFraction(info, draw, by);
	useLayoutEffect(() => {
		const now = track.current?.getAttribute("aria-valuenow");
		track.current?.setAttribute("aria-valuetext", now ? `${now} %, ${spoken}` : spoken);
	}, [spoken]);

	return (
		<>
			<div
				ref={track}
				role="progressbar"
				aria-label={label ?? info?.jobId ?? "Progress"}
				aria-valuemin={0}
				aria-valuemax={100}
				data-look={look}
				className={className}
				style={{ ...TRACK, ...style }}
			>
				<div ref={fill} style={fillStyle(look)} />
			</div>
			{announce && (
				<span role="status" style={HIDDEN}>
					{spoken}
				</span>
			)}
		</>
	);
}

function fillStyle(look: Look): CSSProperties {
	return {
		height: "100%",
		backgroundColor: COLOURS[look],
		backgroundImage: look === "simulated" ? STRIPES : "none",
		opacity: look === "stalled" ? 0.6 : 1,
	};
}

function lookOf(info: ProgressInfo | null | undefined): Look {
	switch (info?.state) {
		case undefined:
			return "waiting";
		case JobState.SUCCEEDED:
			return "succeeded";
		case JobState.FAILED:
			return "failed";
		case JobState.CANCELLED:
			return "cancelled";
		case JobState.STALLED:
			return "stalled";
		default:
			return info?.source === ProgressSource.SIMULATED ? "simulated" : "measured";
	}
}
