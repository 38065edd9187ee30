/** Growing pauses between attempts, with some randomness so that many clients do not come at once. */

const FIRST_MS = 100;

export class Backoff {
	#failures = 0;

	constructor(
		private readonly mostMs: number,
		private readonly firstMs = FIRST_MS,
	) {}

	/** How long to wait before the next attempt, in milliseconds. */
	next(): number {
		const full = Math.min(this.mostMs, this.firstMs * 2 ** this.#failures);
		this.#failures++;
		return full * (0.5 + Math.random() / 2);
	}

	/** The last attempt went well. */
	reset(): void {
		this.#failures = 0;
	}
}

/** Lets time pass; ends early, without an error, when the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal?.aborted === true) return resolve();
		const end = () => {
			clearTimeout(timer);
			signal?.removeEventListener("abort", end);
			resolve();
		};
		const timer = setTimeout(end, ms);
		signal?.addEventListener("abort", end);
	});
}
