/** One job that has ended. */
import { memo } from "react";

import { JobState, type ProgressInfo } from "progressd";

import { Link } from "../app/link";
import { pathOfJob } from "../app/place";
import { MoodBadge } from "../parts/mood_badge";
import { AgoText, SpanText } from "../parts/time_texts";
import css from "./history.module.css";

export const EndedRow = memo(function EndedRow({ info }: { info: ProgressInfo }) {
	const hasSucceeded = info.state === JobState.SUCCEEDED;
	const note = hasSucceeded ? info.message || info.pipeline : info.error || info.message || info.label;
	return (
		<li className={css.row}>
			<div className={css.who}>
				<Link href={pathOfJob(info.jobId)} className={css.name} title={info.jobId}>
					{info.jobId}
				</Link>
				<span className={css.note} title={note}>
					{note}
				</span>
			</div>
			<div className={css.end}>
				<MoodBadge info={info} />
				{!hasSucceeded && <span className={css.reached}>at {info.reachedProgress} %</span>}
			</div>
			<div className={css.took}>
				<SpanText from={info.createTime} to={info.endTime} />
			</div>
			<div className={css.when}>
				<AgoText time={info.endTime} />
			</div>
		</li>
	);
});
