/**
 * One call from its request to its answer: when it is sent, when it is sent again, and when it is given up. A call is
 * repeated until its deadline when the connection is lost or when the service says that it is not available just now.
 */
import { create, type DescMessage, fromBinary, type Message, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Duration, durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import { Backoff } from "../backoff.js";
import { CallSchema, type Durability, type Reply, ReplySchema } from "../gen/progress/rpc/v1/rpc_pb.js";
import { ClosedError, type Connection, Fuse, LostError } from "./connection.js";

const REQUEST_BYTES_MAX = 1 << 20;
const PAUSE_MS_MIN = 10;
const PAUSE_MS_MAX = 1_000;
const TIMEOUT_MS_MAX = 2 ** 31 - 1;
/** Of requests that wait, when they do not say how long, and the longest. */
const WAIT_MS_DEFAULT = 30_000;
const WAIT_MS_MAX = 300_000;

/** Where the reason of an error stands among its metadata. */
const REASON_HEADER = "progress-reason";

/** What a call needs of its method. */
export interface CallMethod<I extends DescMessage, O extends DescMessage> {
	readonly name: string;
	readonly parent: { readonly typeName: string };
	readonly input: I;
	readonly output: O;
}

/** What goes with a call beside its request. */
export interface CallHeader {
	readonly authorization: string;
	readonly metadata: Record<string, string>;
}

export const NO_HEADER: CallHeader = { authorization: "", metadata: {} };

export interface CallSettings {
	/** For the whole call; Infinity: no limit. */
	readonly timeoutMs: number;
	readonly failFast: boolean;
	readonly header: CallHeader;
	readonly signal: AbortSignal | undefined;
}

export interface CallAnswer<O extends DescMessage> {
	readonly message: MessageShape<O>;
	readonly durability: Durability;
}

/** How long the service may wait before it answers; 0: the request is not one that waits. */
export function waitOf(method: { readonly input: DescMessage }, request: Message): number {
	if (method.input.field["timeout"]?.message === undefined) return 0;
	const { timeout } = request as { timeout?: Duration };
	return timeout === undefined ? WAIT_MS_DEFAULT : Math.max(0, Math.min(durationMs(timeout), WAIT_MS_MAX));
}

const knownHeads = new Map<string, Uint8Array>();

/** What is the same for all calls of a method, which is most of a small frame; the parts of a message may be packed one by one. */
function frameHead(method: string, header: CallHeader): Uint8Array {
	const known = header === NO_HEADER ? knownHeads.get(method) : undefined;
	if (known !== undefined) return known;
	const head = toBinary(CallSchema, create(CallSchema, { method, ...header }));
	if (header === NO_HEADER) knownHeads.set(method, head);
	return head;
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
	readonly #backoff = new Backoff(PAUSE_MS_MAX, PAUSE_MS_MIN);
	readonly #end = new Fuse();
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
		const abort = () => this.#end.blow(this.#cancelled());
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
		return setTimeout(() => this.#end.blow(this.#late()), left).unref();
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
			if (reply !== undefined || this.#sent > 1) await this.#pause();
		}
	}

	/** Lets time pass; the next attempt notices when it was ended. */
	#pause(): Promise<void> {
		return new Promise((resolve) => {
			const end = () => {
				clearTimeout(timer);
				this.#end.watch(undefined);
				resolve();
			};
			const timer = setTimeout(end, this.#backoff.next());
			if (this.#end.reason !== undefined) end();
			else this.#end.watch(end);
		});
	}

	/** Undefined: the connection was lost. */
	async #attempt(): Promise<Reply | undefined> {
		try {
			if (!this.connection.isUp) await this.connection.untilUp(this.#end, this.settings.failFast);
		} catch (error) {
			throw error instanceof LostError ? unreachable(this.connection.address.url) : this.#ended(error);
		}
		const body = this.#pack();
		this.#sent++;
		try {
			return this.#unpack(await this.connection.exchange(body, this.#end));
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
		const rest = toBinary(CallSchema, create(CallSchema, { request, timeoutMs }));
		return Buffer.concat([frameHead(this.#name, this.settings.header), rest]);
	}

	#unpack(bytes: Uint8Array): Reply {
		return this.#decode(() => fromBinary(ReplySchema, bytes), "something else than a reply");
	}

	#open(reply: Reply): CallAnswer<O> {
		if (reply.code !== 0) throw replyError(reply);
		const message = this.#decode(() => fromBinary(this.method.output, reply.response), "a message that cannot be read");
		return { message, durability: reply.durability };
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
