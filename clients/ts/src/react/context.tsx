/** Which client the hooks of a page use. */
import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";

import { createProgressClient, type ProgressClient } from "../client.js";
import { type Hub, hubOf } from "../live/hub.js";
import { type ConnectionState } from "../live/link.js";

const ClientContext = createContext<ProgressClient | undefined>(undefined);
let ownClient: ProgressClient | undefined;

/** Gives a client to all hooks below it. Without a provider they talk to the origin of the page. */
export function ProgressProvider(props: { client: ProgressClient; children?: ReactNode }): ReactNode {
	return <ClientContext.Provider value={props.client}>{props.children}</ClientContext.Provider>;
}

/** The client that the hooks use here. */
export function useProgressClient(): ProgressClient {
	return useContext(ClientContext) ?? (ownClient ??= createProgressClient());
}

export function useHub(): Hub {
	return hubOf(useProgressClient());
}

/** How the page hears of changes: by the stream ("live"), by asking ("polling"), not yet, or not at all just now. */
export function useConnection(): ConnectionState {
	const hub = useHub();
	return useSyncExternalStore(
		(listener) => hub.listenConnection(listener),
		() => hub.connection,
		() => "connecting",
	);
}
