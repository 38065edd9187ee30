/** One job: how far it is, how it came there, and everything that is known about it. */
import { Alert, Button, Skeleton } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { isFinal, type ProgressInfo, JobState } from "progressd";
import { ProgressBar, useProgress } from "progressd/react";

import { Link } from "../app/link";
import { CancelDialog } from "../jobs/cancel_dialog";
import { Blank, Trouble } from "../parts/blank";
import { LivePercent } from "../parts/live_percent";
import { MoodBadge, TroubleBadge } from "../parts/mood_badge";
import { Card } from "../parts/page_head";
import { ClockText, EtaText } from "../parts/time_texts";
import { Facts, JobFacts } from "./facts";
import { Timeline } from "./timeline";
import { type JobEvent, useEvents } from "./use_events";
import { useHistory } from "./use_history";
import css from "./job.module.css";

export function JobPage({ jobId }: { jobId: string }): ReactNode {
	const [known, setKnown] = useState<ProgressInfo | null>(null);
	const spans = useHistory(known);
	const { events, take } = useEvents(known, spans);
	const { progressInfo: info, error } = useProgress(jobId, {
		onChange: (next) => {
			setKnown(next);
			take(next);
		},
	});
	const isEnded = info !== null && isFinal(info);
	const metadata = Object.entries(info?.metadata ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));

	if (info === null)
		return error === null ? (
			<Skeleton height={180} radius="lg" aria-hidden />
		) : (
			<Blank title="This job cannot be shown" isPage>
				<p>{error}</p>
				<Link href="/">To the dashboard</Link>
			</Blank>
		);
	return (
		<div className={css.page}>
			<Head info={info} />
			{error !== null && !isEnded && <Trouble text={error} />}
			{isEnded && info.state !== JobState.SUCCEEDED && (
				<Alert
					color={info.state === JobState.FAILED ? "red" : "gray"}
					variant="light"
					title={info.state === JobState.FAILED ? "Why it failed" : "Why it was cancelled"}
				>
					{info.error || info.message || "No reason was given."}
				</Alert>
			)}
			<Card title="Timeline" note="Every stay in a stage, on one axis of time">
				<Timeline spans={spans} />
			</Card>
			<div className={css.columns}>
				<Card title="Details">
					<JobFacts info={info} />
				</Card>
				<Card title="Metadata">
					{metadata.length > 0 ? (
						<Facts pairs={metadata} />
					) : (
						<p className={css.none}>Nothing is attached to this job.</p>
					)}
				</Card>
			</div>
			<Card title="Events" note="Stages entered, and every change since this page was opened">
				<Events events={events} />
			</Card>
		</div>
	);
}

function Head({ info }: { info: ProgressInfo }): ReactNode {
	const [isAsking, setAsking] = useState(false);
	const isEnded = isFinal(info);
	return (
		<section className={css.head}>
			<div className={css.headLine}>
				<h1>{info.jobId}</h1>
				<MoodBadge info={info} />
				<TroubleBadge info={info} />
				{!isEnded && (
					<Button
						className={css.cancel ?? ""}
						variant="default"
						size="compact-md"
						disabled={info.cancelRequested}
						onClick={() => setAsking(true)}
					>
						Cancel
					</Button>
				)}
			</div>
			<div className={css.figures}>
				<LivePercent info={info} className={css.percent} />
				<div className={css.words}>
					<strong>{info.label}</strong>
					<span>{info.message}</span>
				</div>
				<p className={css.eta}>
					<EtaText info={info} isLong />
				</p>
			</div>
			<ProgressBar info={info} style={{ height: 12, borderRadius: 6 }} />
			<CancelDialog job={isAsking ? info : null} close={() => setAsking(false)} />
		</section>
	);
}

function Events({ events }: { events: readonly JobEvent[] }): ReactNode {
	return (
		<ol className={css.events}>
			{events.map((event) => (
				<li key={event.key}>
					<span className={css.eventTime}>
						<ClockText timeMs={event.timeMs} />
					</span>
					<span className={css.eventText}>{event.text}</span>
					<span className={css.eventDetail}>{event.detail}</span>
				</li>
			))}
		</ol>
	);
}
