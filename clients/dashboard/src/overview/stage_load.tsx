/** How many jobs are in each stage. */
import { type ReactNode, useMemo } from "react";

import { JobState, type ProgressInfo } from "progressd";
import { usePipelineStages } from "progressd/react";

import css from "./overview.module.css";

export function StageLoad({ jobs }: { jobs: readonly ProgressInfo[] }): ReactNode {
	const { stages } = usePipelineStages();
	const counts = useMemo(() => {
		const found = new Map<string, number>();
		for (const info of jobs) found.set(info.status, (found.get(info.status) ?? 0) + 1);
		return found;
	}, [jobs]);
	const most = Math.max(1, ...counts.values());
	const rows = stages.filter((stage) => stage.endsAs === JobState.UNSPECIFIED);
	return (
		<ol className={css.load}>
			{rows.map(({ status, label }) => {
				const count = counts.get(status) ?? 0;
				return (
					<li key={status} data-empty={count === 0}>
						<span>{label}</span>
						<span className={css.loadTrack} aria-hidden>
							<span style={{ width: `${(100 * count) / most}%` }} />
						</span>
						<span className={css.number}>{count.toLocaleString("en")}</span>
					</li>
				);
			})}
		</ol>
	);
}
