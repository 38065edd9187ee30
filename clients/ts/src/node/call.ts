/**
 * One call from its request to its answer: when it is sent, when it is sent again, and when it is given up. A call is
 * repeated until its deadline when the connection is lost or when the service says that it is not available just now.
 */
import { create, type DescMessage, fromBinary, type Message, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Duration, durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import { Backoff, pause } from "../backoff.js";
import { CallSchema, Durability, type Reply, ReplySchema } from "../gen/progress/rpc/v1/rpc_pb.js";
import { ClosedError, type Connection, LostError } from "./connection.js";

const REQUEST_BYTES_MAX = 1 << 20;
const PAUSE_MS_MAX = 1_000;
const TIMEOUT_MS_MAX = 2 ** 31 - 1;
/** Of requests that wait, when they do not say how long, and the longest. */
const WAIT_MS_DEFAULT = 30_000;
const WAIT_MS_MAX = 300_000;

/** Where the reason of an error and the worth of an acknowledgement stand among the headers. */
export const REASON_HEADER = "progress-reason";
export const DURABILITY_HEADER = "progress-durability";

/** What a call needs of its method. */
export interface CallMethod<I extends DescMessage, O extends DescMessage> {
	readonly name: string;
	readonly parent: { readonly typeName: string };
	readonly input: I;
	readonly output: O;
}

export interface CallSettings {
	/** For the whole call; Infinity: no limit. */
	readonly timeoutMs: number;
	readonly failFast: boolean;
	readonly header: Headers;
	readonly signal: AbortSignal | undefined;
}

export interface CallAnswer<O extends DescMessage> {
	readonly message: MessageShape<O>;
	readonly header: Headers;
}

/** How long the service may wait before it answers; 0: the request is not one that waits. */
export function waitOf(method: { readonly input: DescMessage }, request: Message): number {
	if (method.input.field["timeout"]?.message === undefined) return 0;
	const { timeout } = request as { timeout?: Duration };
	return timeout === undefined ? WAIT_MS_DEFAULT : Math.max(0, Math.min(durationMs(timeout), WAIT_MS_MAX));
}

/** An error with the service's code and its reason, an UPPER_SNAKE word for programs. */
export function reasonError(code: Code, reason: string, message: string): ConnectError {
	return new ConnectError(message, code, { [REASON_HEADER]: reason });
}

/** The UPPER_SNAKE word that says why, where the service has told one. */
export function reasonOf(error: unknown): string {
	return ConnectError.from(error).metadata.get(REASON_HEADER) ?? "";
}

export class Call<I extends DescMessage, O extends DescMessage> {
	readonly #name: string;
	readonly #waitUntil: number;
	readonly #deadline: number;
	readonly #backoff = new Backoff(PAUSE_MS_MAX);
	readonly #end = new AbortController();
	#sent = 0;
	#unavailable: ConnectError | undefined;

	constructor(
		private readonly connection: Connection,
		private readonly method: CallMethod<I, O>,
		private readonly request: MessageShape<I>,
		private readonly settings: CallSettings,
	) {
		const now = performance.now();
		this.#name = `/${method.parent.typeName}/${method.name}`;
		this.#waitUntil = now + waitOf(method, request);
		this.#deadline = now + settings.timeoutMs;
	}

	/** Throws a ConnectError. */
	async run(): Promise<CallAnswer<O>> {
		const { signal } = this.settings;
		const abort = () => this.#end.abort(this.#cancelled());
		const timer = this.#startClock();
		if (signal?.aborted === true) abort();
		signal?.addEventListener("abort", abort);
		try {
			return await this.#attempts();
		} finally {
			clearTimeout(timer);
			signal?.removeEventListener("abort", abort);
		}
	}

	#cancelled(): ConnectError {
		const error = ConnectError.from(this.settings.signal?.reason, Code.Canceled);
		return error.code === Code.DeadlineExceeded
			? error
			: reasonError(Code.Canceled, "CANCELLED", "cancelled by the caller");
	}

	#startClock(): NodeJS.Timeout | undefined {
		if (this.settings.timeoutMs === Infinity) return undefined;
		const left = Math.max(0, Math.min(this.settings.timeoutMs, TIMEOUT_MS_MAX));
		return setTimeout(() => this.#end.abort(this.#late()), left).unref();
	}

	#late(): ConnectError {
		const { url } = this.connection.address;
		if (this.#unavailable !== undefined) return this.#unavailable;
		if (!this.connection.isUp) return unreachable(url);
		return reasonError(Code.DeadlineExceeded, "DEADLINE_EXCEEDED", `${this.#name}: no answer from ${url} in time`);
	}

	async #attempts(): Promise<CallAnswer<O>> {
		for (;;) {
			const reply = await this.#attempt();
			if (reply !== undefined && (reply.code as Code) !== Code.Unavailable) return this.#open(reply);
			if (reply !== undefined) {
				this.#unavailable = replyError(reply);
				if (this.settings.failFast) throw this.#unavailable;
			}
			// The next attempt waits for the connection, but a service that drops each call must not be asked in a busy loop.
			if (reply !== undefined || this.#sent > 1) await pause(this.#backoff.next(), this.#end.signal);
		}
	}

	/** Undefined: the connection was lost. */
	async #attempt(): Promise<Reply | undefined> {
		const { signal } = this.#end;
		try {
			await this.connection.untilUp(signal, this.settings.failFast);
		} catch (error) {
			throw error instanceof LostError ? unreachable(this.connection.address.url) : this.#ended(error);
		}
		const body = this.#pack();
		this.#sent++;
		try {
			return this.#unpack(await this.connection.exchange(body, signal));
		} catch (error) {
			if (error instanceof LostError) return undefined;
			throw this.#ended(error);
		}
	}

	#ended(error: unknown): unknown {
		return error instanceof ClosedError ? reasonError(Code.Canceled, "TRANSPORT_CLOSED", error.message) : error;
	}

	/** A request that waits, sent again, says how long it waits from now. */
	#pack(): Uint8Array {
		const now = performance.now();
		let message: MessageShape<I> = this.request;
		if (this.#sent > 0 && waitOf(this.method, this.request) > 0)
			message = { ...message, timeout: durationFromMs(Math.round(Math.max(0, this.#waitUntil - now))) };
		const request = toBinary(this.method.input, message);
		if (request.length > REQUEST_BYTES_MAX)
			throw reasonError(
				Code.ResourceExhausted,
				"REQUEST_TOO_LARGE",
				`${this.#name}: the request has ${String(request.length)} bytes, allowed are ${String(REQUEST_BYTES_MAX)}`,
			);
		const left = this.#deadline - now;
		const timeoutMs = left === Infinity ? 0 : Math.max(1, Math.min(Math.trunc(left), TIMEOUT_MS_MAX));
		const { authorization = "", ...metadata } = Object.fromEntries(this.settings.header);
		return toBinary(
			CallSchema,
			create(CallSchema, { method: this.#name, request, timeoutMs, authorization, metadata }),
		);
	}

	#unpack(bytes: Uint8Array): Reply {
		return this.#decode(() => fromBinary(ReplySchema, bytes), "something else than a reply");
	}

	#open(reply: Reply): CallAnswer<O> {
		if (reply.code !== 0) throw replyError(reply);
		const message = this.#decode(() => fromBinary(this.method.output, reply.response), "a message that cannot be read");
		return { message, header: new Headers({ [DURABILITY_HEADER]: Durability[reply.durability] }) };
	}

	#decode<T>(decode: () => T, what: string): T {
		try {
			return decode();
		} catch {
			const { url } = this.connection.address;
			throw reasonError(Code.Internal, "BAD_REPLY", `${this.#name}: ${url} answered with ${what}: not a progressd?`);
		}
	}
}

function unreachable(url: string): ConnectError {
	return reasonError(Code.Unavailable, "UNREACHABLE", `cannot reach progressd at ${url}`);
}

function replyError(reply: Reply): ConnectError {
	return reasonError(reply.code in Code ? (reply.code as Code) : Code.Unknown, reply.reason, reply.message);
}
