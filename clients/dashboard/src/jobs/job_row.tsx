/** One job under way in one line, on narrow screens in three. */
import { ActionIcon } from "@mantine/core";
import { memo } from "react";

import { type ProgressInfo } from "progressd";
import { ProgressBar } from "progressd/react";

import { Link } from "../app/link";
import { pathOfJob } from "../app/place";
import { StopIcon } from "../parts/icons";
import { LivePercent } from "../parts/live_percent";
import { sourceOf } from "../parts/mood";
import { TroubleBadge } from "../parts/mood_badge";
import { EtaText } from "../parts/time_texts";
import css from "./jobs.module.css";

export const JobRow = memo(function JobRow(props: { info: ProgressInfo; cancel: (job: ProgressInfo) => void }) {
	const { info, cancel } = props;
	const source = sourceOf(info);
	return (
		<article className={css.row} aria-label={info.jobId}>
			<div className={css.who}>
				<span className={css.nameLine}>
					<Link href={pathOfJob(info.jobId)} className={css.name} title={info.jobId}>
						{info.jobId}
					</Link>
					<TroubleBadge info={info} />
				</span>
				<span className={css.message} title={info.message}>
					{info.message || info.pipeline}
				</span>
			</div>
			<div className={css.stage}>
				<span>{info.label}</span>
				<span className={css.source} title={source.meaning}>
					{source.word}
				</span>
			</div>
			<div className={css.bar}>
				<ProgressBar info={info} announce={false} style={{ height: 8, borderRadius: 4, flex: 1 }} />
				<LivePercent info={info} className={css.percent} />
			</div>
			<div className={css.eta}>
				<EtaText info={info} />
			</div>
			<ActionIcon
				className={css.cancel ?? ""}
				size="lg"
				aria-label={`Cancel ${info.jobId}`}
				title="Cancel"
				disabled={info.cancelRequested}
				onClick={() => cancel(info)}
			>
				<StopIcon />
			</ActionIcon>
		</article>
	);
});
