/** The service's clock as a hook: one timer for everything on the page that shows a time. */
import { useSyncExternalStore } from "react";

import { serverNow } from "progressd";

const STEP_MS = 1_000;
const listeners = new Set<() => void>();
let nowMs = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
	nowMs = serverNow();
	for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
	listeners.add(listener);
	timer ??= setInterval(tick, STEP_MS);
	return () => {
		listeners.delete(listener);
		if (listeners.size > 0) return;
		clearInterval(timer);
		timer = undefined;
	};
}

function read(): number {
	if (timer === undefined || nowMs === 0) nowMs = Math.max(nowMs, Math.floor(serverNow() / STEP_MS) * STEP_MS);
	return nowMs;
}

/** Milliseconds since 1970, new once a second. */
export function useNow(): number {
	return useSyncExternalStore(subscribe, read);
}
