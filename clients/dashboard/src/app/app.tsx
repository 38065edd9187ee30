/** The frame around every page, and which page is in it. */
import { type ReactNode, useEffect } from "react";

import { HistoryPage } from "../history/history_page";
import { JobPage } from "../job/job_page";
import { JobsPage } from "../jobs/jobs_page";
import { OverviewPage } from "../overview/overview_page";
import { Blank } from "../parts/blank";
import { Header } from "./header";
import { Link } from "./link";
import { type Place, placeOf, usePath } from "./place";
import css from "./app.module.css";

function titleOf(place: Place): string {
	switch (place.page) {
		case "jobs":
			return "Dashboard";
		case "history":
			return "History";
		case "overview":
			return "Overview";
		case "job":
			return place.jobId;
		case "nowhere":
			return "Nothing here";
	}
}

function Page({ place }: { place: Place }): ReactNode {
	switch (place.page) {
		case "jobs":
			return <JobsPage />;
		case "history":
			return <HistoryPage />;
		case "overview":
			return <OverviewPage />;
		case "job":
			return <JobPage key={place.jobId} jobId={place.jobId} />;
		case "nowhere":
			return (
				<Blank title="There is nothing here" isPage>
					<Link href="/">To the dashboard</Link>
				</Blank>
			);
	}
}

export function App(): ReactNode {
	const place = placeOf(usePath());
	const title = titleOf(place);
	useEffect(() => {
		document.title = `${title} · progressd`;
	}, [title]);
	return (
		<>
			<a className={css.skip} href="#content">
				Skip to content
			</a>
			<Header page={place.page} />
			<main id="content" tabIndex={-1} className={css.main}>
				<Page place={place} />
			</main>
		</>
	);
}
