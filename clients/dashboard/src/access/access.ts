/**
 * Whether the service lets this page in. A token is kept for the tab's session and nowhere else; when the service answers
 * UNAUTHENTICATED, whatever was asked, the pages make room for a question for one.
 */
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { useSyncExternalStore } from "react";

import { createProgressClient, type ProgressClient } from "progressd";

export interface Access {
	/** The service wants a token, and this page has none that it takes. */
	readonly isRefused: boolean;
	readonly hasToken: boolean;
	/** Another one after each change of the token, so that nothing of before is shown. */
	readonly client: ProgressClient;
}

const KEY = "progressd-token";
const listeners = new Set<() => void>();
let access: Access = { isRefused: false, hasToken: readToken() !== undefined, client: makeClient() };

export function useAccess(): Access {
	return useSyncExternalStore(
		(listener) => {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		() => access,
	);
}

export function keepToken(token: string): void {
	sessionStorage.setItem(KEY, token);
	show({ isRefused: false, hasToken: true, client: makeClient() });
}

export function forgetToken(): void {
	sessionStorage.removeItem(KEY);
	show({ isRefused: false, hasToken: false, client: makeClient() });
}

function readToken(): string | undefined {
	return sessionStorage.getItem(KEY) ?? undefined;
}

function show(next: Access): void {
	access = next;
	for (const listener of listeners) listener();
}

function makeClient(): ProgressClient {
	const transport = createConnectTransport({ baseUrl: location.origin, useBinaryFormat: true });
	const client: ProgressClient = createProgressClient({
		transport: watched(transport, () => {
			if (client === access.client && !access.isRefused) show({ ...access, isRefused: true });
		}),
		token: readToken,
	});
	return client;
}

/** Tells of calls that were refused for want of a token. A stream is not watched: what it tells is always asked for, too. */
function watched(transport: Transport, refused: () => void): Transport {
	return {
		unary: async (...call) => {
			try {
				return await transport.unary(...call);
			} catch (error) {
				if (ConnectError.from(error).code === Code.Unauthenticated) refused();
				throw error;
			}
		},
		stream: (...call) => transport.stream(...call),
	};
}
