/** The Dashboard: every job under way. */
import { Skeleton } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";

import { type ProgressInfo } from "progressd";

import { Blank, Trouble } from "../parts/blank";
import { formatCount } from "../parts/format";
import { PageHead } from "../parts/page_head";
import { CancelDialog } from "./cancel_dialog";
import { ChoiceBar } from "./choice_bar";
import { JobList } from "./job_list";
import { countKinds, EVERYTHING, narrow } from "./narrow";
import { useLiveJobs } from "./use_live_jobs";
import css from "./jobs.module.css";

export function JobsPage(): ReactNode {
	const { jobs, error, isLoading } = useLiveJobs();
	const [choice, setChoice] = useState(EVERYTHING);
	const [doomed, setDoomed] = useState<ProgressInfo | null>(null);
	const counts = useMemo(() => countKinds(jobs), [jobs]);
	const shown = useMemo(() => narrow(jobs, choice), [jobs, choice]);

	return (
		<>
			<PageHead
				title="Dashboard"
				note={isLoading ? "Looking for jobs…" : `${formatCount(jobs.length, "job")} under way`}
			/>
			<Trouble text={error} />
			<ChoiceBar choice={choice} counts={counts} jobs={jobs} change={setChoice} />
			{isLoading && error === null && <Rows />}
			{!isLoading && jobs.length === 0 && (
				<Blank title="All is quiet">
					No job is under way. Try <code>prg update my-job downloading</code>
				</Blank>
			)}
			{jobs.length > 0 && shown.length === 0 && <Blank title="No job fits">Search for less, or show all kinds.</Blank>}
			{shown.length > 0 && <JobList jobs={shown} cancel={setDoomed} />}
			<CancelDialog job={doomed} close={() => setDoomed(null)} />
		</>
	);
}

function Rows(): ReactNode {
	return (
		<div className={css.waiting} aria-hidden>
			{[0, 1, 2, 3, 4].map((row) => (
				<Skeleton key={row} height={44} radius="md" />
			))}
		</div>
	);
}
