/** Every stay of a job in a stage, read anew whenever it enters another one or ends. */
import { useEffect, useState } from "react";

import { type ProgressInfo, type StageSpan } from "progressd";
import { useProgressClient } from "progressd/react";

const AGAIN_MS = 2_000;

export function useHistory(info: ProgressInfo | null): readonly StageSpan[] {
	const client = useProgressClient();
	const [spans, setSpans] = useState<readonly StageSpan[]>([]);
	const jobId = info?.jobId;
	const place =
		info === null ? "" : [info.stage, info.attempt, info.run, info.state, info.createTime?.seconds].join(" ");
	useEffect(() => {
		if (jobId === undefined) return undefined;
		const controller = new AbortController();
		const { signal } = controller;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const read = () => {
			client.getJobHistory({ jobId }, { signal }).then(
				(answer) => setSpans(answer.spans),
				() => {
					// What lasts is shown by the job itself; what passes is asked for again.
					if (!signal.aborted) timer = setTimeout(read, AGAIN_MS);
				},
			);
		};
		read();
		return () => {
			clearTimeout(timer);
			controller.abort();
		};
	}, [client, jobId, place]);
	return spans;
}
