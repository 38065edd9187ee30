/** A progressd of one test file: its own folder and sockets, stopped by its process id. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TREE = fileURLToPath(new URL("../../../..", import.meta.url));
const BUILD = process.env["BUILD_DIR"] ?? process.env["PROGRESS_BUILD"] ?? join(TREE, "build/dev");
/** The daemon under test. */
export const PROGRAM = join(BUILD, "bin/progressd");
const READY_MS_MAX = 20_000;

/** Whether there is a daemon to test against; when CI is set there must be. */
export const hasDaemon = existsSync(PROGRAM) || Boolean(process.env["CI"]);

/** Whether that daemon answers over HTTP. */
export const hasHttp =
	(hasDaemon && spawnSync(PROGRAM, ["--help"], { encoding: "utf8" }).stdout.includes("--http")) ||
	Boolean(process.env["CI"]);

/** A port that was free just now. */
export async function freePort(): Promise<number> {
	const probe = createServer().listen(0, "127.0.0.1");
	await once(probe, "listening");
	const address = probe.address();
	probe.close();
	await once(probe, "close");
	if (address === null || typeof address === "string") throw new Error("no port");
	return address.port;
}

function pause(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, 5));
}

/** Starts with `start`; `kill` and `start` again keep folder, store and addresses. */
export class Daemon {
	readonly folder = mkdtempSync(join(tmpdir(), "progressd-ts-"));
	readonly ipc = `ipc://${this.folder}/rpc.sock`;
	#process: ChildProcess | undefined;

	private constructor(
		readonly tcp: string,
		readonly options: string[],
	) {}

	static async start(...options: string[]): Promise<Daemon> {
		const daemon = new Daemon(`tcp://127.0.0.1:${String(await freePort())}`, options);
		await daemon.start();
		return daemon;
	}

	async start(): Promise<void> {
		const before = this.#readyCount();
		const log = openSync(this.#logPath(), "a");
		const places = ["--rpc", this.ipc, "--rpc", this.tcp, "--pub", `ipc://${this.folder}/events.sock`];
		const store = ["--store", `file:${this.folder}/progress.db`];
		const process = spawn(PROGRAM, [...places, ...store, ...this.options], { stdio: ["ignore", "ignore", log] });
		this.#process = process;
		const giveUp = Date.now() + READY_MS_MAX;
		while (this.#readyCount() === before) {
			if (process.exitCode !== null || Date.now() > giveUp) throw new Error(`progressd does not start:\n${this.log()}`);
			await pause();
		}
	}

	/** As the kernel kills: no chance to tidy up. */
	async kill(): Promise<void> {
		await this.#end("SIGKILL");
	}

	/** In good order, and for good. */
	async stop(): Promise<void> {
		await this.#end("SIGTERM");
		rmSync(this.folder, { recursive: true });
	}

	/** It answers nobody while `act` is under way. */
	async frozen(act: () => Promise<void>): Promise<void> {
		const threads = `/proc/${this.#process?.pid}/task`;
		const isStopped = (thread: string) => readFileSync(`${threads}/${thread}/stat`, "utf8").includes(") T ");
		this.#process?.kill("SIGSTOP");
		try {
			while (!readdirSync(threads).every(isStopped)) await pause();
			await act();
		} finally {
			this.#process?.kill("SIGCONT");
		}
	}

	log(): string {
		return existsSync(this.#logPath()) ? readFileSync(this.#logPath(), "utf8") : "";
	}

	#logPath(): string {
		return join(this.folder, "log");
	}

	#readyCount(): number {
		return this.log().split("event=ready").length - 1;
	}

	async #end(signal: NodeJS.Signals): Promise<void> {
		const process = this.#process;
		if (process?.exitCode !== null || process.signalCode !== null) return;
		const ended = once(process, "exit");
		process.kill(signal);
		await ended;
	}
}
