/** How the service is reached from a browser or any other place that has fetch. */
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

import { ProgressTrackerService } from "./gen/progress/v1/progress_service_pb.js";

/** The generated client of the service: every method of the schema. */
export type ProgressClient = Client<typeof ProgressTrackerService>;

/** A token, or what gives one when it is needed. */
export type Token = string | (() => string | undefined | Promise<string | undefined>);

export interface ProgressClientOptions {
	/** Where progressd answers over HTTP; by default the origin of the page, outside of a page http://127.0.0.1:7080. */
	baseUrl?: string;
	/** Any other way to reach the service, for example `createNodeTransport()` of "progressd/node", instead of baseUrl. */
	transport?: Transport;
	/** Sent with every call as "Authorization: Bearer …". */
	token?: Token;
}

const DEFAULT_BASE_URL = "http://127.0.0.1:7080";

/** Makes a client; it does not connect before its first call. */
export function createProgressClient(options: ProgressClientOptions = {}): ProgressClient {
	const transport =
		options.transport ??
		createConnectTransport({ baseUrl: options.baseUrl ?? ownOrigin() ?? DEFAULT_BASE_URL, useBinaryFormat: true });
	return createClient(
		ProgressTrackerService,
		options.token === undefined ? transport : withToken(transport, options.token),
	);
}

function ownOrigin(): string | undefined {
	const origin = (globalThis as { location?: { origin?: string } }).location?.origin;
	return origin === "null" ? undefined : origin;
}

function withToken(transport: Transport, token: Token): Transport {
	async function authorized(header: HeadersInit | undefined): Promise<Headers> {
		const headers = new Headers(header);
		const bearer = typeof token === "string" ? token : await token();
		if (bearer !== undefined && !headers.has("Authorization")) headers.set("Authorization", `Bearer ${bearer}`);
		return headers;
	}
	return {
		unary: async (method, signal, timeoutMs, header, input, values) =>
			transport.unary(method, signal, timeoutMs, await authorized(header), input, values),
		stream: async (method, signal, timeoutMs, header, input, values) =>
			transport.stream(method, signal, timeoutMs, await authorized(header), input, values),
	};
}
