/**
 * A transport for the generated client over plain sockets, without a native addon: unary calls, and streams made of long
 * polls that go on behind a resume token.
 */
import {
	create,
	type DescMessage,
	type DescMethodStreaming,
	type DescMethodUnary,
	type MessageInitShape,
	type MessageShape,
} from "@bufbuild/protobuf";
import { Code, type StreamResponse, type Transport, type UnaryResponse } from "@connectrpc/connect";

import { pause } from "../backoff.js";
import { type Token } from "../client.js";
import { type Address, chooseAddress } from "./address.js";
import { Call, type CallMethod, reasonError, waitOf } from "./call.js";
import { Connection } from "./connection.js";
import { Polls } from "./polls.js";

export interface NodeTransportOptions {
	/** ipc://PATH or tcp://HOST:PORT; by default $PRG_SERVER, else the daemon's usual place. */
	server?: string;
	/** For each call that says nothing else, waiting for a connection included; 0: no limit. Calls that wait get their wait on
	 * top. Streams have no limit of their own. */
	timeoutMs?: number;
	/** Fails as UNAVAILABLE at once when the service cannot be reached, instead of waiting for it. */
	failFast?: boolean;
	/** Sent with every call as "Bearer …". */
	token?: Token;
}

/** A Transport that can be closed. */
export interface NodeTransport extends Transport {
	/** Where it connects to. */
	readonly server: string;
	/** Ends all calls under way as CANCELLED. Without it the process may end as soon as no call is under way. */
	close(): void;
}

const TIMEOUT_MS_DEFAULT = 10_000;

/** Makes a transport; it connects at the first call, and again whenever the connection is lost. */
export function createNodeTransport(options: NodeTransportOptions = {}): NodeTransport {
	return new SpTransport(chooseAddress(options.server), options);
}

class SpTransport implements NodeTransport {
	readonly #connection: Connection;
	readonly #failFast: boolean;
	readonly #timeoutMs: number;
	readonly #token: Token | undefined;

	constructor(address: Address, options: NodeTransportOptions) {
		this.#connection = new Connection(address);
		this.#failFast = options.failFast ?? false;
		this.#timeoutMs = limit(options.timeoutMs ?? TIMEOUT_MS_DEFAULT);
		this.#token = options.token;
	}

	get server(): string {
		return this.#connection.address.url;
	}

	close(): void {
		this.#connection.close();
	}

	async unary<I extends DescMessage, O extends DescMessage>(
		method: DescMethodUnary<I, O>,
		signal: AbortSignal | undefined,
		timeoutMs: number | undefined,
		header: HeadersInit | undefined,
		input: MessageInitShape<I>,
	): Promise<UnaryResponse<I, O>> {
		const request = create(method.input, input);
		const wholeMs = timeoutMs === undefined ? this.#timeoutMs + waitOf(method, request) : limit(timeoutMs);
		const answer = await this.#call(method, request, wholeMs, await this.#headers(header), signal);
		return { stream: false, service: method.parent, method, trailer: new Headers(), ...answer };
	}

	async stream<I extends DescMessage, O extends DescMessage>(
		method: DescMethodStreaming<I, O>,
		signal: AbortSignal | undefined,
		timeoutMs: number | undefined,
		header: HeadersInit | undefined,
		input: AsyncIterable<MessageInitShape<I>>,
	): Promise<StreamResponse<I, O>> {
		const headers = await this.#headers(header);
		const wholeMs = limit(timeoutMs ?? 0);
		const message = this.#follow(method, input, wholeMs, headers, signal);
		return { stream: true, service: method.parent, method, header: new Headers(), trailer: new Headers(), message };
	}

	#call<I extends DescMessage, O extends DescMessage>(
		method: CallMethod<I, O>,
		request: MessageShape<I>,
		timeoutMs: number,
		header: Headers,
		signal: AbortSignal | undefined,
	) {
		return new Call(this.#connection, method, request, { timeoutMs, failFast: this.#failFast, header, signal }).run();
	}

	async *#follow<I extends DescMessage, O extends DescMessage>(
		method: DescMethodStreaming<I, O>,
		input: AsyncIterable<MessageInitShape<I>>,
		timeoutMs: number,
		header: Headers,
		signal: AbortSignal | undefined,
	): AsyncGenerator<MessageShape<O>> {
		const polls = new Polls(method, await onlyOne(method, input), timeoutMs);
		for (;;) {
			const wholeMs = Math.min(polls.timeLeft(), this.#timeoutMs + polls.wait());
			let message: MessageShape<O> | undefined;
			try {
				message = (await this.#call(method, polls.request(), wholeMs, header, signal)).message;
			} catch (error) {
				if (this.#failFast || !polls.survives(error)) throw error;
			}
			if (message !== undefined && polls.take(message)) yield message;
			else await pause(polls.pauseMs, signal);
		}
	}

	async #headers(init: HeadersInit | undefined): Promise<Headers> {
		const headers = new Headers(init);
		const token = typeof this.#token === "function" ? await this.#token() : this.#token;
		if (token !== undefined && !headers.has("Authorization")) headers.set("Authorization", `Bearer ${token}`);
		return headers;
	}
}

/** As Connect has it: 0 and less mean no limit. */
function limit(timeoutMs: number): number {
	return timeoutMs > 0 ? timeoutMs : Infinity;
}

async function onlyOne<I extends DescMessage, O extends DescMessage>(
	method: DescMethodStreaming<I, O>,
	input: AsyncIterable<MessageInitShape<I>>,
): Promise<MessageShape<I>> {
	for await (const message of input) return create(method.input, message);
	throw reasonError(Code.InvalidArgument, "NO_REQUEST", `${method.name}: a stream begins with one message`);
}
