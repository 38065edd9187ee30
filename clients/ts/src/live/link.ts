/**
 * The one connection of a page: a stream that is opened again whenever it breaks, and questions from time to time while there is
 * none. So a page is never without news where streams are blocked, and needs no setting for it.
 *
 *     opening -> (first answer) -> streaming -> (end, error, silence) -> opening …     and, while not streaming: polling
 */
import { Backoff, pause } from "../backoff.js";
import { passesByItself } from "../errors.js";
import { type OpenWatch, QUIET_MS, readConnection, type WatchAnswer } from "../watch.js";
import { takeSlot } from "./slots.js";

/** How a page hears of changes: not yet, by a stream, by asking, or not at all just now. */
export type ConnectionState = "connecting" | "live" | "polling" | "offline";

export interface LinkEvents {
	/** The stream of what is wanted now. */
	open: OpenWatch;
	/** A new stream has begun with this answer: what it does not tell must be asked for. */
	begun(answer: WatchAnswer): void;
	answered(answer: WatchAnswer): void;
	/** Asks for everything that is wanted; throws if that cannot be answered. */
	poll(signal: AbortSignal): Promise<void>;
	stateChanged(): void;
	/** How often to ask, in milliseconds. */
	pollMs(): number;
}

const RETRY_MS_MAX = 2_000;
/** Where streams seem to be blocked they are tried again after this. */
const BLOCKED_MS = 30_000;
const BLOCKED_FAILURES = 2;
const CROWDED_MS = 5_000;

export class Link {
	state: ConnectionState = "connecting";
	readonly #end = new AbortController();
	readonly #backoff = new Backoff(RETRY_MS_MAX);
	#stream: AbortController | undefined;
	#pause = new AbortController();
	#token = "";
	#heardMs = 0;
	#fruitless = 0;
	#canPoll = false;

	constructor(private readonly events: LinkEvents) {
		void this.#keepStreaming();
		void this.#keepPolling();
	}

	/** Opens another stream, because something else is wanted. */
	reopen(): void {
		this.#token = "";
		this.#fruitless = 0;
		this.#backoff.reset();
		this.#stream?.abort();
		this.#hurry();
	}

	/** Something may have happened to the connection: looks at once. */
	wake(): void {
		this.#fruitless = 0;
		this.#backoff.reset();
		if (performance.now() - this.#heardMs > QUIET_MS) this.#stream?.abort();
		this.#hurry();
	}

	close(): void {
		this.#end.abort();
		this.#stream?.abort();
		this.#hurry();
	}

	/** Ends the pauses. */
	#hurry(): void {
		this.#pause.abort();
		this.#pause = new AbortController();
	}

	#show(state: ConnectionState): void {
		if (state === this.state || this.#end.signal.aborted) return;
		this.state = state;
		this.events.stateChanged();
	}

	async #keepStreaming(): Promise<void> {
		const { signal } = this.#end;
		while (!signal.aborted) {
			const release = await takeSlot().catch(() => undefined);
			const wasStopped = release !== undefined && !signal.aborted && (await this.#streamOnce());
			release?.();
			if (wasStopped) continue; // another one is wanted at once
			await pause(release === undefined ? CROWDED_MS : this.#pauseMs(), this.#pause.signal);
		}
	}

	#pauseMs(): number {
		return this.#fruitless >= BLOCKED_FAILURES && this.#canPoll ? BLOCKED_MS : this.#backoff.next();
	}

	/** Whether it was stopped by us. */
	async #streamOnce(): Promise<boolean> {
		const stream = (this.#stream = new AbortController());
		const isNew = this.#token === "";
		let count = 0;
		this.#fruitless++;
		try {
			for await (const answer of readConnection(this.events.open, this.#token, stream.signal)) {
				if (stream.signal.aborted) break;
				this.#fruitless = 0;
				this.#heardMs = performance.now();
				this.#token = answer.resumeToken;
				this.#backoff.reset();
				this.events.answered(answer);
				if (++count === 1) this.#show("live");
				if ((count === 1 && isNew) || answer.resync) this.events.begun(answer);
			}
		} catch (error) {
			if (!passesByItself(error)) this.#token = ""; // the token, or what is wanted, is not liked
		}
		if (this.state === "live" && !stream.signal.aborted) this.#show("connecting");
		return stream.signal.aborted;
	}

	async #keepPolling(): Promise<void> {
		const { signal } = this.#end;
		while (!signal.aborted) {
			await pause(this.events.pollMs(), signal);
			if (signal.aborted || this.state === "live") continue;
			try {
				await this.events.poll(signal);
				this.#canPoll = true;
			} catch {
				this.#canPoll = false;
			}
			this.#settle();
		}
	}

	/** What the last poll says, unless the stream has come meanwhile. */
	#settle(): void {
		if (this.state !== "live") this.#show(this.#canPoll ? "polling" : "offline");
	}
}
