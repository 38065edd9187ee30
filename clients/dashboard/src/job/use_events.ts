/** What has happened to a job: the stages it entered, and each change since the page was opened. */
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { useCallback, useMemo, useRef, useState } from "react";

import { JobState, type ProgressInfo, StageOutcome, type StageSpan } from "progressd";

import { MOOD_WORDS, moodOf } from "../parts/mood";

export interface JobEvent {
	readonly key: string;
	readonly timeMs: number;
	readonly text: string;
	readonly detail: string;
}

const KEPT = 200;

/** The events that are known, the newest first, and what takes the next state. */
export function useEvents(info: ProgressInfo | null, spans: readonly StageSpan[]) {
	const [changes, setChanges] = useState<readonly JobEvent[]>([]);
	const latest = useRef<string>(undefined);
	const take = useCallback((next: ProgressInfo) => {
		const event = changeOf(next);
		const before = latest.current;
		latest.current = event.key;
		// What was there when the page was opened is no change, nor is a bar that moves by itself; and a stage that is entered
		// without a word has an event of its own.
		if (before === undefined || before === event.key || (next.message === "" && next.total === 0)) return;
		setChanges((known) => [event, ...known].slice(0, KEPT));
	}, []);
	const events = useMemo(
		() => [...endOf(info), ...changes, ...entriesOf(spans).reverse()].sort((one, other) => other.timeMs - one.timeMs),
		[changes, spans, info],
	);
	return { events, take };
}

function changeOf(info: ProgressInfo): JobEvent {
	const timeMs = info.updateTime === undefined ? 0 : timestampMs(info.updateTime);
	const share = info.total > 0 ? `${String(info.done)} of ${String(info.total)}` : "";
	return {
		key: `${info.attempt} ${info.run} ${info.revision}`,
		timeMs,
		text: info.message || info.label,
		detail: [`${info.progress} %`, share].filter(Boolean).join(" · "),
	};
}

function entriesOf(spans: readonly StageSpan[]): JobEvent[] {
	return spans.map((span, index) => ({
		key: `stage ${index}`,
		timeMs: timestampMs(span.startTime ?? timestampFromMs(0)),
		text: `Entered ${span.label}`,
		detail: span.outcome === StageOutcome.SUPERSEDED || span.attempt > 1 ? `attempt ${span.attempt}` : "",
	}));
}

function endOf(info: ProgressInfo | null): JobEvent[] {
	if (info?.endTime === undefined) return [];
	const reason = info.state === JobState.SUCCEEDED ? info.message : info.error || info.message;
	return [{ key: "end", timeMs: timestampMs(info.endTime), text: MOOD_WORDS[moodOf(info)], detail: reason }];
}
