/**
 * A transport for the generated client over plain sockets, without a native addon: unary calls, and streams made of long
 * polls that go on behind a resume token.
 */
import {
	create,
	type DescMessage,
	type DescMethodStreaming,
	type DescMethodUnary,
	type DescService,
	type MessageInitShape,
	type MessageShape,
} from "@bufbuild/protobuf";
import { Code, type StreamResponse, type Transport, type UnaryResponse } from "@connectrpc/connect";

import { pause } from "../backoff.js";
import { type Token } from "../client.js";
import { type Address, chooseAddress } from "./address.js";
import { Durability } from "../gen/progress/rpc/v1/rpc_pb.js";
import { Call, type CallHeader, type CallMethod, NO_HEADER, reasonError, waitOf } from "./call.js";
import { Connection } from "./connection.js";
import { Polls } from "./polls.js";
import { tokenOfEnvironment } from "./token.js";

export interface NodeTransportOptions {
	/** ipc://PATH or tcp://HOST:PORT; by default $PRG_SERVER, else the daemon's usual place. */
	server?: string;
	/** For each call that says nothing else, waiting for a connection included; 0: no limit. Calls that wait get their wait on
	 * top. Streams have no limit of their own. */
	timeoutMs?: number;
	/** Fails as UNAVAILABLE at once when the service cannot be reached, instead of waiting for it. */
	failFast?: boolean;
	/** Sent with every call as "Bearer …"; by default the token in $PRG_TOKEN, else the first line of the file $PRG_TOKEN_FILE. */
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
/** Where the worth of an acknowledgement stands among the headers of an answer. */
const DURABILITY_HEADER = "progress-durability";

/** Makes a transport; it connects at the first call, and again whenever the connection is lost. */
export function createNodeTransport(options: NodeTransportOptions = {}): NodeTransport {
	return new SpTransport(chooseAddress(options.server), options);
}

/** Most callers ask for no headers, which cost as much to make as the message; so they are made when they are asked for. */
class Answer<I extends DescMessage, O extends DescMessage> implements UnaryResponse<I, O> {
	readonly stream = false;
	#header: Headers | undefined;
	#trailer: Headers | undefined;

	constructor(
		readonly method: DescMethodUnary<I, O>,
		readonly message: MessageShape<O>,
		private readonly durability: Durability,
	) {}

	get service(): DescService {
		return this.method.parent;
	}

	get header(): Headers {
		return (this.#header ??= new Headers({ [DURABILITY_HEADER]: Durability[this.durability] }));
	}

	get trailer(): Headers {
		return (this.#trailer ??= new Headers());
	}
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
		this.#token = options.token ?? tokenOfEnvironment();
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
		const isBare = header === undefined && this.#token === undefined;
		const callHeader = isBare ? NO_HEADER : await this.#header(header);
		const { message, durability } = await this.#call(method, request, wholeMs, callHeader, signal);
		return new Answer(method, message, durability);
	}

	async stream<I extends DescMessage, O extends DescMessage>(
		method: DescMethodStreaming<I, O>,
		signal: AbortSignal | undefined,
		timeoutMs: number | undefined,
		header: HeadersInit | undefined,
		input: AsyncIterable<MessageInitShape<I>>,
	): Promise<StreamResponse<I, O>> {
		const callHeader = await this.#header(header);
		const wholeMs = limit(timeoutMs ?? 0);
		const message = this.#follow(method, input, wholeMs, callHeader, signal);
		return { stream: true, service: method.parent, method, header: new Headers(), trailer: new Headers(), message };
	}

	#call<I extends DescMessage, O extends DescMessage>(
		method: CallMethod<I, O>,
		request: MessageShape<I>,
		timeoutMs: number,
		header: CallHeader,
		signal: AbortSignal | undefined,
	) {
		return new Call(this.#connection, method, request, { timeoutMs, failFast: this.#failFast, header, signal }).run();
	}

	async *#follow<I extends DescMessage, O extends DescMessage>(
		method: DescMethodStreaming<I, O>,
		input: AsyncIterable<MessageInitShape<I>>,
		timeoutMs: number,
		header: CallHeader,
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

	async #header(init: HeadersInit | undefined): Promise<CallHeader> {
		const { authorization = "", ...metadata } = Object.fromEntries(new Headers(init));
		if (authorization !== "") return { authorization, metadata };
		const token = typeof this.#token === "function" ? await this.#token() : this.#token;
		return { authorization: token === undefined ? "" : `Bearer ${token}`, metadata };
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
