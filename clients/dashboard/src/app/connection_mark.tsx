/** How the page hears of changes, in one word. */
import { type ReactNode } from "react";

import { type ConnectionState, useConnection } from "progressd/react";

import css from "./app.module.css";

const WORDS: Record<ConnectionState, { word: string; meaning: string }> = {
	connecting: { word: "Connecting", meaning: "Waiting for the service." },
	live: { word: "Live", meaning: "Changes are pushed as they happen." },
	polling: { word: "Polling", meaning: "Asking every two seconds, because changes cannot be pushed to this tab." },
	offline: { word: "Offline", meaning: "The service does not answer; the last known state is shown." },
};

export function ConnectionMark(): ReactNode {
	const connection = useConnection();
	const { word, meaning } = WORDS[connection];
	return (
		<span className={css.connection} data-connection={connection} title={meaning} role="status">
			<span className={css.dot} aria-hidden />
			{word}
		</span>
	);
}
