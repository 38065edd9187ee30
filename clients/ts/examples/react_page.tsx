/** A job's progress on a page: copy it into your application. Without a provider it asks the origin of the page. */
import { ProgressBar, useProgress } from "progressd/react";

export function VideoProcessing({ jobId }: { jobId: string }) {
	const { progressInfo, error } = useProgress(jobId, { onComplete: (info) => console.log("Job completed!", info) });
	if (error) return <div>Error: {error}</div>;
	if (!progressInfo) return <div>Loading…</div>;
	return (
		<div>
			<p>{progressInfo.label}</p>
			<ProgressBar info={progressInfo} />
			<p>{progressInfo.progress} % complete</p>
		</div>
	);
}
