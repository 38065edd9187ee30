/** What a part of a page shows: kept up to date by the hub, told to those who listen. */
import { ConnectError } from "@connectrpc/connect";

import { type EventKind, type ProgressInfo } from "../gen/progress/v1/job_pb.js";

export type Listener = () => void;

/** One change that the hub has heard of. */
export interface Change {
	readonly info: ProgressInfo;
	readonly kind: EventKind;
}

export abstract class Cell {
	readonly #listeners = new Map<Listener, number>();

	/** How often its listeners want it asked for where changes do not come by themselves; Infinity: nobody listens. */
	get pollMs(): number {
		return Math.min(...this.#listeners.values());
	}

	get isUsed(): boolean {
		return this.#listeners.size > 0;
	}

	/** Returns how to stop listening. */
	listen(listener: Listener, pollMs: number): () => void {
		this.#listeners.set(listener, pollMs);
		return () => this.#listeners.delete(listener);
	}

	/** Tells the listeners that there is another snapshot. */
	protected changed(): void {
		for (const listener of [...this.#listeners.keys()]) listener();
	}

	/** Asks the service for the present state. Throws what passes by itself; what does not is shown. */
	abstract load(signal: AbortSignal): Promise<void>;

	/** Takes a change, if it concerns this cell. */
	abstract take(change: Change): void;
}

/** What is the same for people and programs: an error of the service, or of the way to it. */
export function toError(error: unknown): ConnectError {
	return ConnectError.from(error);
}
