/** Overview: how much gets done, where jobs are, and how good the guesses are. */
import { SegmentedControl } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";

import { JobState } from "progressd";
import { useJobs } from "progressd/react";

import { useLiveJobs } from "../jobs/use_live_jobs";
import { countKinds } from "../jobs/narrow";
import { Trouble } from "../parts/blank";
import { formatShare } from "../parts/format";
import { Card, PageHead } from "../parts/page_head";
import { useNow } from "../parts/use_now";
import { bucketsOf, type Range, RANGES, sumOf } from "./buckets";
import { EtaQuality } from "./eta_quality";
import { StageLoad } from "./stage_load";
import { Throughput } from "./throughput";
import css from "./overview.module.css";

const ENDED = { states: [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED] };
const ENDED_MAX = 1000;
const THROTTLE_MS = 250;

export function OverviewPage(): ReactNode {
	const live = useLiveJobs();
	const ended = useJobs(ENDED, { pageSize: ENDED_MAX, throttleMs: THROTTLE_MS });
	const nowMs = useNow();
	const [range, setRange] = useState<Range>(RANGES[0]);
	const kinds = useMemo(() => countKinds(live.jobs), [live.jobs]);
	const buckets = useMemo(() => bucketsOf(ended.jobs, range, nowMs), [ended.jobs, range, nowMs]);
	const sum = sumOf(buckets);
	const pipelines = useMemo(
		() => [...new Set([...live.jobs, ...ended.jobs].map((info) => info.pipeline))].sort(),
		[live.jobs, ended.jobs],
	);

	return (
		<>
			<PageHead title="Overview" note={`What got done within the last ${range.name}, and what is under way now`}>
				<SegmentedControl
					aria-label="Time to look back"
					value={range.name}
					onChange={(name) => setRange(RANGES.find((each) => each.name === name) ?? range)}
					data={RANGES.map(({ name, words }) => ({ value: name, label: words }))}
				/>
			</PageHead>
			<Trouble text={live.error ?? ended.error} />
			<dl className={css.figures}>
				<Figure name="Under way" value={live.jobs.length.toLocaleString("en")} />
				<Figure name="In trouble" value={kinds.trouble.toLocaleString("en")} isWarning={kinds.trouble > 0} />
				<Figure name={`Ended this ${range.name}`} value={sum.all.toLocaleString("en")} />
				<Figure name="Succeeded" value={formatShare(sum.succeeded, sum.all)} />
			</dl>
			<div className={css.cards}>
				<Card
					title="Throughput"
					note={
						ended.hasMore
							? `Jobs that ended, of the newest ${ended.jobs.length.toLocaleString("en")}`
							: "Jobs that ended, by how they did"
					}
					tools={<Legend />}
				>
					<Throughput buckets={buckets} bucketMs={range.bucketMs} />
				</Card>
				<Card title="Jobs by stage" note="Where the jobs under way are now">
					<StageLoad jobs={live.jobs} />
				</Card>
				<EtaQuality pipelines={pipelines} ended={ended.jobs} />
			</div>
		</>
	);
}

function Figure(props: { name: string; value: string; isWarning?: boolean }): ReactNode {
	return (
		<div className={css.figure}>
			<dt>{props.name}</dt>
			<dd data-warning={props.isWarning}>{props.value}</dd>
		</div>
	);
}

function Legend(): ReactNode {
	return (
		<ul className={css.legend}>
			<li data-look="succeeded">Succeeded</li>
			<li data-look="failed">Failed</li>
			<li data-look="cancelled">Cancelled</li>
		</ul>
	);
}
