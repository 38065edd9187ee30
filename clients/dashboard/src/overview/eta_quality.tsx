/** How long the stages of a pipeline are believed to take, how sure that is, and whether it came true. */
import { NativeSelect } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";

import { type ProgressInfo, type StageStats } from "progressd";
import { useProgressClient } from "progressd/react";

import { formatDuration, formatShare } from "../parts/format";
import { Card } from "../parts/page_head";
import { type Hits, hitsOf, readSpans } from "./eta_check";
import css from "./overview.module.css";

const CHECKED = 20;
const NO_HITS: Hits = { inside: 0, all: 0 };

interface Belief {
	readonly stages: readonly StageStats[];
	readonly hits: Hits;
}

/** Read anew when another job of the pipeline has ended. */
function useBelief(pipeline: string, ended: readonly ProgressInfo[]): Belief {
	const client = useProgressClient();
	const [belief, setBelief] = useState<Belief>({ stages: [], hits: NO_HITS });
	const names = ended.filter((info) => info.pipeline === pipeline).map((info) => info.jobId);
	const checked = names.slice(0, CHECKED).join(" ");
	useEffect(() => {
		const controller = new AbortController();
		const { signal } = controller;
		const read = async () => {
			const { stages } = await client.getPipelineStats({ pipeline }, { signal });
			setBelief((before) => ({ ...before, stages }));
			const spans = await readSpans(client, checked.split(" ").filter(Boolean), signal);
			if (!signal.aborted) setBelief({ stages, hits: hitsOf(stages, spans) });
		};
		read().catch(() => undefined); // what was known stays; the next job that ends asks again
		return () => controller.abort();
	}, [client, pipeline, checked]);
	return belief;
}

export function EtaQuality(props: { pipelines: readonly string[]; ended: readonly ProgressInfo[] }): ReactNode {
	const { pipelines, ended } = props;
	const [chosen, setChosen] = useState("");
	const pipeline = pipelines.includes(chosen) ? chosen : (pipelines[0] ?? "default");
	const { stages, hits } = useBelief(pipeline, ended);
	const jobs = stages.reduce((most, stage) => (stage.jobs > most ? stage.jobs : most), 0n);
	const note =
		jobs === 0n
			? "No job of this pipeline has completed yet: these are the schema's numbers"
			: hits.all === 0
				? `Learned from ${jobs.toLocaleString("en")} completed jobs`
				: `${formatShare(hits.inside, hits.all)} of the last ${hits.all} stays lay within the 80 % interval`;
	return (
		<div className={css.wide}>
			<Card
				title="Quality of the estimates"
				note={note}
				tools={
					pipelines.length > 1 && (
						<NativeSelect
							aria-label="Pipeline"
							value={pipeline}
							data={[...pipelines]}
							onChange={(event) => setChosen(event.currentTarget.value)}
						/>
					)
				}
			>
				<Intervals stages={stages} />
			</Card>
		</div>
	);
}

/** Times from a second to a day need a scale on which both can be seen. */
function placeOf(seconds: number, most: number): number {
	return (100 * Math.log1p(Math.max(0, seconds))) / Math.log1p(Math.max(1, most));
}

function Intervals({ stages }: { stages: readonly StageStats[] }): ReactNode {
	const known = stages.filter((stage) => stage.typicalSeconds > 0);
	const most = Math.max(...known.map((stage) => stage.hiSeconds), 1);
	return (
		<ol className={css.intervals}>
			{known.map((stage) => {
				const left = placeOf(stage.loSeconds, most);
				return (
					<li key={stage.status} data-learned={stage.jobs > 0n}>
						<span>{stage.label}</span>
						<span className={css.intervalTrack} aria-hidden>
							<span
								className={css.interval}
								style={{ left: `${left}%`, width: `${placeOf(stage.hiSeconds, most) - left}%` }}
							/>
							<span className={css.median} style={{ left: `${placeOf(stage.typicalSeconds, most)}%` }} />
						</span>
						<span className={css.number}>{formatDuration(stage.typicalSeconds)}</span>
						<span className={css.spread}>
							{formatDuration(stage.loSeconds)} – {formatDuration(stage.hiSeconds)}
						</span>
					</li>
				);
			})}
		</ol>
	);
}
