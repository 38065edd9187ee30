/** Moments at which a connection that looks open may be dead: the page comes back, the network does, the machine slept. */

const STEP_MS = 5_000;
/** A timer that comes later than this was asleep. */
const SLEEP_MS = 2 * STEP_MS;

/** Calls `wake` at such moments; returns how to stop that. */
export function onWake(wake: () => void): () => void {
	let expected = Date.now() + STEP_MS;
	const timer = setInterval(() => {
		if (Date.now() > expected + SLEEP_MS) wake();
		expected = Date.now() + STEP_MS;
	}, STEP_MS);
	const onVisible = () => {
		if (document.visibilityState === "visible") wake();
	};
	const page = typeof document === "undefined" ? undefined : document;
	page?.addEventListener("visibilitychange", onVisible);
	const target = typeof window === "undefined" ? undefined : window;
	target?.addEventListener("online", wake);
	target?.addEventListener("pageshow", wake);
	return () => {
		clearInterval(timer);
		page?.removeEventListener("visibilitychange", onVisible);
		target?.removeEventListener("online", wake);
		target?.removeEventListener("pageshow", wake);
	};
}
