/**
 * One connection for all calls of a transport: made when it is first needed and again when it is lost, as long as somebody
 * needs it. It keeps the process alive only while somebody waits for something.
 */
import { connect, type Socket } from "node:net";

import { Backoff } from "../backoff.js";
import { type Address } from "./address.js";
import { encodeFrame, type Frame, FrameReader, REQ_GREETING } from "./sp_frames.js";

/** As docs/protocol.md has it; browsers, of which there are many, wait longer. */
const RECONNECT_MS_MIN = 10;
const RECONNECT_MS_MAX = 500;
const CONNECT_MS_MAX = 5_000;
const KEEPALIVE_MS = 10_000;
const NUMBERS = 0x80000000;

/** The connection broke before the answer came: the request may or may not have been carried out. */
export class LostError extends Error {}
/** The connection was closed by its owner. */
export class ClosedError extends Error {}

/** Ends a wait before its time: by a deadline, by the caller. (An AbortController costs as much as the rest of a wait.) */
export class Fuse {
	#reason: Error | undefined;
	#onBlown: ((reason: Error) => void) | undefined;

	/** Why it has blown; undefined: it has not. */
	get reason(): Error | undefined {
		return this.#reason;
	}

	blow(reason: Error): void {
		this.#reason ??= reason;
		this.#onBlown?.(this.#reason);
	}

	/** Has `onBlown` called when it blows; for one wait at a time, which takes it back with undefined. */
	watch(onBlown: ((reason: Error) => void) | undefined): void {
		this.#onBlown = onBlown;
	}
}

interface Waiter<T> {
	resolve(value: T): void;
	reject(error: Error): void;
}

export class Connection {
	#socket: Socket | undefined;
	#isUp = false;
	#isClosed = false;
	#failures = 0;
	#lastNumber = Math.floor(Math.random() * NUMBERS);
	#timer: NodeJS.Timeout | undefined;
	readonly #backoff = new Backoff(RECONNECT_MS_MAX, RECONNECT_MS_MIN);
	readonly #answers = new Map<number, Waiter<Uint8Array>>();
	readonly #arrivals = new Set<Waiter<void>>();

	constructor(readonly address: Address) {}

	get isUp(): boolean {
		return this.#isUp;
	}

	/** How many attempts to connect have failed since the connection was last up. */
	get failures(): number {
		return this.#failures;
	}

	/** Waits until there is a connection, or, if asked to, until an attempt has failed: LostError. */
	async untilUp(fuse: Fuse, failFast: boolean): Promise<void> {
		const failures = this.#failures;
		while (!this.#isUp) {
			await this.#wait<void>(fuse, (waiter) => {
				this.#arrivals.add(waiter);
				this.#open();
				return () => this.#arrivals.delete(waiter);
			});
			if (failFast && !this.#isUp && this.#failures > failures) throw new LostError("cannot connect");
		}
	}

	/** Sends a request, of which there may be many at once, and waits for its answer. LostError: there will be none. */
	exchange(body: Uint8Array, fuse: Fuse): Promise<Uint8Array> {
		return this.#wait<Uint8Array>(fuse, (waiter) => {
			const socket = this.#socket;
			if (!this.#isUp || socket === undefined) throw new LostError("not connected");
			const number = this.#nextNumber();
			this.#answers.set(number, waiter);
			socket.write(encodeFrame({ number, body }, this.address.isIpc));
			return () => this.#answers.delete(number);
		});
	}

	/** Ends everything that is under way with ClosedError. */
	close(): void {
		this.#isClosed = true;
		clearTimeout(this.#timer);
		this.#socket?.destroy();
		this.#socket = undefined;
		this.#isUp = false;
		this.#dismiss(new ClosedError("the transport was closed"));
	}

	/** `begin` says what to forget when the wait is over. */
	#wait<T>(fuse: Fuse, begin: (waiter: Waiter<T>) => () => void): Promise<T> {
		return new Promise<T>((resolve, reject) => {
			if (this.#isClosed) throw new ClosedError("the transport was closed");
			if (fuse.reason !== undefined) throw fuse.reason;
			const waiter: Waiter<T> = {
				resolve: (value) => {
					end();
					resolve(value);
				},
				reject: (error) => {
					end();
					reject(error);
				},
			};
			const forget = begin(waiter);
			const end = () => {
				forget();
				fuse.watch(undefined);
				this.#holdProcess();
			};
			fuse.watch((reason) => waiter.reject(reason));
			this.#holdProcess();
		});
	}

	#isNeeded(): boolean {
		return this.#answers.size + this.#arrivals.size > 0;
	}

	#holdProcess(): void {
		if (this.#isNeeded()) {
			this.#socket?.ref();
			this.#timer?.ref();
		} else {
			this.#socket?.unref();
			this.#timer?.unref();
		}
	}

	#nextNumber(): number {
		do this.#lastNumber = (this.#lastNumber + 1) % NUMBERS;
		while (this.#answers.has(this.#lastNumber));
		return this.#lastNumber;
	}

	#open(): void {
		if (this.#socket !== undefined || this.#timer !== undefined || this.#isClosed) return;
		const socket = connect(this.address.connect);
		const reader = new FrameReader(this.address.isIpc);
		this.#socket = socket;
		socket.setNoDelay(true);
		socket.setKeepAlive(true, KEEPALIVE_MS);
		socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy());
		socket.write(REQ_GREETING);
		socket.on("data", (chunk) => this.#take(socket, reader, chunk));
		socket.on("error", () => undefined); // "close" follows
		socket.on("close", () => this.#lose(socket));
	}

	#take(socket: Socket, reader: FrameReader, chunk: Buffer): void {
		try {
			const frames = reader.push(chunk);
			if (!this.#isUp && reader.isGreeted) this.#arrive(socket);
			for (const frame of frames) this.#answer(frame);
		} catch {
			socket.destroy();
		}
	}

	#arrive(socket: Socket): void {
		this.#isUp = true;
		this.#failures = 0;
		this.#backoff.reset();
		socket.setTimeout(0);
		for (const waiter of this.#arrivals) waiter.resolve();
	}

	/** An answer that nobody waits for any more is dropped. */
	#answer(frame: Frame): void {
		this.#answers.get(frame.number)?.resolve(frame.body);
	}

	#lose(socket: Socket): void {
		if (this.#socket !== socket) return;
		this.#socket = undefined;
		if (!this.#isUp) this.#failures++;
		this.#isUp = false;
		this.#timer = setTimeout(() => {
			this.#timer = undefined;
			if (this.#isNeeded()) this.#open();
		}, this.#backoff.next());
		this.#dismiss(new LostError("the connection was lost"));
		this.#holdProcess();
	}

	/** Those who wait for a connection look again: some give up at the first failure. */
	#dismiss(error: Error): void {
		for (const waiter of this.#answers.values()) waiter.reject(error);
		for (const waiter of this.#arrivals) {
			if (error instanceof ClosedError) waiter.reject(error);
			else waiter.resolve();
		}
	}
}
