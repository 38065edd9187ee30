/** Which address a client talks to, and what an address may look like. */
import { statSync } from "node:fs";
import { type NetConnectOpts } from "node:net";

const DEFAULT_TCP = "tcp://127.0.0.1:7070";
const SOCKET_PATH_BYTES_MAX = 107;
const PORT_MAX = 65535;

export interface Address {
	readonly url: string;
	readonly isIpc: boolean;
	/** For node:net. */
	readonly connect: NetConnectOpts;
}

/**
 * The given address, else $PRG_SERVER, else a unix socket of the daemon's usual places, else its tcp port. Throws a
 * TypeError for what is no address.
 */
export function chooseAddress(server?: string): Address {
	const own = orNothing(server);
	const url = own ?? orNothing(process.env["PRG_SERVER"]) ?? usualPlace();
	const address = parse(url);
	if (address !== undefined) return address;
	throw new TypeError(
		`${own === undefined ? "PRG_SERVER" : "server"}: "${url.slice(0, 200)}" is no address; allowed are ipc://PATH (up to ` +
			`${SOCKET_PATH_BYTES_MAX} bytes) and tcp://HOST:PORT`,
	);
}

function orNothing(text: string | undefined): string | undefined {
	return text === "" ? undefined : text;
}

function parse(url: string): Address | undefined {
	const path = /^ipc:\/\/(.+)$/s.exec(url)?.[1];
	if (path !== undefined && Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX)
		return { url, isIpc: true, connect: { path } };
	const tcp = /^tcp:\/\/(.+):([0-9]{1,5})$/.exec(url);
	const port = Number(tcp?.[2]);
	if (tcp?.[1] === undefined || port < 1 || port > PORT_MAX) return undefined;
	return { url, isIpc: false, connect: { host: tcp[1].replace(/^\[(.*)\]$/, "$1"), port } };
}

function usualPlace(): string {
	const user = process.geteuid?.() ?? -1;
	const runtime = process.env["RUNTIME_DIRECTORY"]?.split(":")[0]; // systemd separates several folders by colons
	const session = process.env["XDG_RUNTIME_DIR"];
	const folders = [
		runtime,
		session === undefined ? undefined : `${session}/progressd`,
		`/tmp/progressd-${String(user)}`,
		"/run/progressd",
	];
	const folder = folders.find((place) => place?.startsWith("/") === true && hasTrustedSocket(place, user));
	return folder === undefined ? DEFAULT_TCP : `ipc://${folder}/rpc.sock`;
}

/** Whether there is a socket that belongs to us or to root: everybody can make folders in /tmp. */
function hasTrustedSocket(folder: string, user: number): boolean {
	const status = statSync(`${folder}/rpc.sock`, { throwIfNoEntry: false });
	return status?.isSocket() === true && (status.uid === user || status.uid === 0);
}
