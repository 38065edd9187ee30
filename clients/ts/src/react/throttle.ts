/** Lets something happen at most once in a time: at once if it can, otherwise at the end of the time; the last one is not lost. */
export class Throttle {
	#timer: ReturnType<typeof setTimeout> | undefined;
	#nextMs = -Infinity;
	#isOver = false;

	constructor(
		private readonly act: () => void,
		private readonly intervalMs: number,
	) {}

	/** `isUrgent`: does not wait. */
	ask(isUrgent = false): void {
		if (this.#isOver) return;
		const left = this.#nextMs - performance.now();
		if (isUrgent || left <= 0) this.#run();
		else this.#timer ??= setTimeout(() => this.#run(), left);
	}

	/** Nothing happens any more. */
	end(): void {
		this.#isOver = true;
		clearTimeout(this.#timer);
	}

	#run(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#nextMs = performance.now() + this.intervalMs;
		this.act();
	}
}
