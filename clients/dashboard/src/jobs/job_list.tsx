/** Any number of jobs: only the rows that can be seen exist, and a row is rendered anew only when its own job changes. */
import { useMediaQuery } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

import { type ProgressInfo } from "progressd";

import { JobRow } from "./job_row";
import css from "./jobs.module.css";

const NARROW = "(max-width: 48em)";
const ROW_PX = 66;
const ROW_NARROW_PX = 108;
const OVERSCAN = 4;

/** How far below the top of the page something begins, whatever grows above it. */
function useTop(element: RefObject<HTMLElement | null>): number {
	const [topPx, setTopPx] = useState(0);
	useEffect(() => {
		const observer = new ResizeObserver(() => {
			if (element.current !== null) setTopPx(Math.round(element.current.getBoundingClientRect().top + scrollY));
		});
		observer.observe(document.body);
		return () => observer.disconnect();
	}, [element]);
	return topPx;
}

export function JobList(props: { jobs: readonly ProgressInfo[]; cancel: (job: ProgressInfo) => void }): ReactNode {
	const { jobs, cancel } = props;
	const list = useRef<HTMLUListElement>(null);
	const topPx = useTop(list);
	const isNarrow = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false });
	const rowPx = isNarrow ? ROW_NARROW_PX : ROW_PX;
	const rows = useWindowVirtualizer({
		count: jobs.length,
		estimateSize: () => rowPx,
		overscan: OVERSCAN,
		scrollMargin: topPx,
		getItemKey: (index) => jobs[index]?.jobId ?? index,
	});
	useLayoutEffect(() => rows.measure(), [rows, rowPx]);

	return (
		<div className={css.list}>
			<div className={css.columns} aria-hidden>
				<span>Job</span>
				<span>Stage</span>
				<span>Progress</span>
				<span>Time left</span>
			</div>
			<ul ref={list} className={css.rows} style={{ height: rows.getTotalSize() }} aria-label="Jobs under way">
				{rows.getVirtualItems().map(({ index, key, size, start }) => {
					const info = jobs[index];
					if (info === undefined) return null;
					return (
						<li
							key={key}
							className={css.place}
							aria-setsize={jobs.length}
							aria-posinset={index + 1}
							style={{ height: size, transform: `translateY(${start - topPx}px)` }}
						>
							<JobRow info={info} cancel={cancel} />
						</li>
					);
				})}
			</ul>
		</div>
	);
}
