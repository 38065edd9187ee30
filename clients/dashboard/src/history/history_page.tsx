/** History: the jobs that have ended, page by page, the newest first. */
import { Button, SegmentedControl, Skeleton, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type ReactNode, useState } from "react";

import { JobState } from "progressd";
import { useJobs } from "progressd/react";

import { Blank, Trouble } from "../parts/blank";
import { BackIcon, ForwardIcon, SearchIcon } from "../parts/icons";
import { PageHead } from "../parts/page_head";
import { EndedRow } from "./ended_row";
import css from "./history.module.css";

const PAGE_SIZE = 25;
const DEBOUNCE_MS = 250;

const ENDS = {
	all: { word: "All", states: [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED] },
	succeeded: { word: "Succeeded", states: [JobState.SUCCEEDED] },
	failed: { word: "Failed", states: [JobState.FAILED] },
	cancelled: { word: "Cancelled", states: [JobState.CANCELLED] },
};
type End = keyof typeof ENDS;

export function HistoryPage(): ReactNode {
	const [end, setEnd] = useState<End>("all");
	const [typed, setTyped] = useState("");
	const [prefix] = useDebouncedValue(typed.trim(), DEBOUNCE_MS);
	return (
		<>
			<PageHead title="History" note="Jobs that have ended, the newest first" />
			<div className={css.choices}>
				<TextInput
					className={css.search ?? ""}
					aria-label="Search by the beginning of the name"
					placeholder="Name begins with…"
					leftSection={<SearchIcon />}
					value={typed}
					onChange={(event) => setTyped(event.currentTarget.value)}
				/>
				<SegmentedControl
					className={css.ends ?? ""}
					aria-label="How they ended"
					value={end}
					onChange={(value) => setEnd(value as End)}
					data={Object.entries(ENDS).map(([value, { word }]) => ({ value, label: word }))}
				/>
			</div>
			<EndedJobs key={`${end} ${prefix}`} end={end} prefix={prefix} />
		</>
	);
}

function EndedJobs({ end, prefix }: { end: End; prefix: string }): ReactNode {
	const [page, setPage] = useState(0);
	const filter = { states: ENDS[end].states, jobIdPrefix: prefix };
	const { jobs, error, isLoading, hasMore, loadMore } = useJobs(filter, { pageSize: PAGE_SIZE });
	const first = page * PAGE_SIZE;
	const shown = jobs.slice(first, first + PAGE_SIZE);
	const hasOlder = hasMore || jobs.length > first + PAGE_SIZE;
	const older = () => {
		if (jobs.length < first + 2 * PAGE_SIZE && hasMore) loadMore();
		setPage(page + 1);
		scrollTo(0, 0);
	};
	const newer = () => {
		setPage(page - 1);
		scrollTo(0, 0);
	};

	if (error !== null) return <Trouble text={error} />;
	if (!isLoading && jobs.length === 0)
		return (
			<Blank title={prefix === "" && end === "all" ? "Nothing has ended yet" : "No job fits"}>
				Jobs come here when they succeed, fail or are cancelled.
			</Blank>
		);
	return (
		<>
			<div className={css.columns} aria-hidden>
				<span>Job</span>
				<span>Result</span>
				<span>Took</span>
				<span>Ended</span>
			</div>
			<ul className={css.list} aria-label="Jobs that have ended" aria-busy={isLoading}>
				{shown.map((info) => (
					<EndedRow key={info.jobId} info={info} />
				))}
			</ul>
			{shown.length === 0 && <Skeleton height={240} radius="lg" aria-hidden />}
			{(page > 0 || hasOlder) && (
				<nav className={css.pages} aria-label="Pages of the history">
					<Button variant="default" leftSection={<BackIcon />} disabled={page === 0} onClick={newer}>
						Newer
					</Button>
					<span>Page {page + 1}</span>
					<Button variant="default" rightSection={<ForwardIcon />} disabled={!hasOlder} onClick={older}>
						Older
					</Button>
				</nav>
			)}
		</>
	);
}
