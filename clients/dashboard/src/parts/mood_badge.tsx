/** A job's state as a word with its colour, and what may be wrong. */
import { type ReactNode } from "react";

import { isFinal, type ProgressInfo } from "progressd";

import { MOOD_WORDS, moodOf, troubleOf } from "./mood";
import css from "./parts.module.css";

export function MoodBadge({ info }: { info: ProgressInfo }): ReactNode {
	const mood = moodOf(info);
	return (
		<span className={css.badge} data-mood={mood}>
			<span className={css.badgeDot} aria-hidden />
			{MOOD_WORDS[mood]}
		</span>
	);
}

/** What a reader should know of a job under way besides its progress; nothing if all is well. */
export function TroubleBadge({ info }: { info: ProgressInfo }): ReactNode {
	if (isFinal(info)) return null;
	const trouble = troubleOf(info);
	if (info.cancelRequested)
		return (
			<span className={css.badge} data-mood="stalled" title={info.cancelReason || "Somebody asked for it."}>
				Cancelling
			</span>
		);
	if (trouble === undefined) return null;
	return (
		<span className={css.badge} data-mood="stalled" title={trouble.meaning}>
			{trouble.word}
		</span>
	);
}
