/**
 * Everything that a page shows, over one connection. The stream tells of the wanted jobs by name while they are few and no
 * list is shown, otherwise of all jobs under way; what the stream does not hold is asked for once.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";

import { pause } from "../backoff.js";
import { type ProgressClient } from "../client.js";
import { EventKind } from "../gen/progress/v1/job_pb.js";
import { type JobFilterSchema, WatchJobsRequestSchema, WatchMode } from "../gen/progress/v1/progress_service_pb.js";
import { QUIET_MS, type WatchAnswer } from "../watch.js";
import { observeServerTime } from "./server_time.js";
import { type Cell, type Listener } from "./cell.js";
import { JobCell } from "./job_cell.js";
import { type ConnectionState, Link } from "./link.js";
import { ListCell } from "./list_cell.js";
import { onWake } from "./wakes.js";

/** The service takes no more names in one filter. */
const NAMES_MAX = 100;
/** After the last listener has gone the connection stays for a moment: pages change, and come back. */
const LINGER_MS = 1_000;
/** Listeners that come together get one stream. */
const GATHER_MS = 10;
const POLL_MS_DEFAULT = 2_000;
const LOADS_AT_ONCE = 4;
/** Jobs that have ended are polled this many times less often. */
const OVER_FACTOR = 10;

/** The update_time of what such an event tells is now. */
const FRESH: ReadonlySet<EventKind> = new Set([EventKind.CREATED, EventKind.UPDATED, EventKind.ENDED]);

type Filter = MessageInitShape<typeof JobFilterSchema>;

export class Hub {
	readonly #jobs = new Map<string, JobCell>();
	readonly #lists = new Map<string, ListCell>();
	readonly #connectionListeners = new Set<Listener>();
	#link: Link | undefined;
	#unwake: (() => void) | undefined;
	#abort = new AbortController();
	#linger: ReturnType<typeof setTimeout> | undefined;
	#gather: ReturnType<typeof setTimeout> | undefined;
	#watched: ReadonlySet<string> | "all" = new Set();
	#polls = 0;

	constructor(readonly client: ProgressClient) {}

	/** How the page hears of changes. */
	get connection(): ConnectionState {
		return this.#link?.state ?? "connecting";
	}

	listenConnection(listener: Listener): () => void {
		this.#connectionListeners.add(listener);
		return () => this.#connectionListeners.delete(listener);
	}

	/** The cell of a job, kept up to date as long as somebody listens through `listen`; afterwards it is forgotten. */
	job(jobId: string): JobCell {
		return obtain(this.#jobs, jobId, () => new JobCell(this.client, jobId));
	}

	/** The cell of a list; `key` stands for the filter and the size of its pages. */
	list(key: string, filter: Filter, pageSize: number): ListCell {
		return obtain(this.#lists, key, () => new ListCell(this.client, filter, pageSize));
	}

	/** Loads and keeps up to date what the cell shows until the returned function is called. */
	listen(cell: JobCell | ListCell, listener: Listener, pollMs: number = POLL_MS_DEFAULT): () => void {
		const isFirst = !cell.isUsed;
		const stop = cell.listen(listener, pollMs);
		if (isFirst) {
			void this.#load([cell]);
			this.#gather ??= setTimeout(() => this.#adjust(), GATHER_MS);
		}
		return () => {
			stop();
			clearTimeout(this.#linger);
			if (!cell.isUsed) this.#linger = setTimeout(() => this.#tidy(), LINGER_MS);
		};
	}

	/** Asks for the cell's contents anew. */
	reload(cell: JobCell | ListCell): void {
		void this.#load([cell]);
	}

	#usedCells(): (JobCell | ListCell)[] {
		return [...this.#jobs.values(), ...this.#lists.values()].filter((cell) => cell.isUsed);
	}

	/** Forgets what nobody listens to any more. */
	#tidy(): void {
		for (const [key, cell] of this.#jobs) if (!cell.isUsed) this.#jobs.delete(key);
		for (const [key, cell] of this.#lists) if (!cell.isUsed) this.#lists.delete(key);
		if (this.#jobs.size + this.#lists.size === 0) this.#close();
	}

	// ---- the link

	/** Opens the link, or makes its stream tell of what is wanted now, if it does not. */
	#adjust(): void {
		this.#gather = undefined;
		const names = [...this.#jobs.values()].filter((cell) => cell.isUsed).map((cell) => cell.jobId);
		const isForAll = names.length > NAMES_MAX || [...this.#lists.values()].some((cell) => cell.isUsed);
		const watched = this.#watched;
		if (this.#link !== undefined && (watched === "all" || (!isForAll && names.every((name) => watched.has(name)))))
			return;
		this.#watched = isForAll ? "all" : new Set(names);
		if (this.#link === undefined) this.#open();
		else this.#link.reopen();
	}

	#open(): void {
		this.#link = new Link({
			open: (resumeToken, signal) => this.client.watchJobs(this.#request(resumeToken), { signal, timeoutMs: 0 }),
			begun: (answer) => this.#begun(answer),
			answered: (answer) => this.#answered(answer),
			poll: (signal) => this.#poll(signal),
			stateChanged: () => this.#connectionListeners.forEach((listener) => listener()),
			pollMs: () => Math.min(POLL_MS_DEFAULT * OVER_FACTOR, ...this.#usedCells().map((cell) => cell.pollMs)),
		});
		this.#unwake = onWake(() => this.#link?.wake());
	}

	#request(resumeToken: string) {
		const filter: Filter = this.#watched === "all" ? {} : { jobIds: [...this.#watched] };
		const timeout = durationFromMs(QUIET_MS);
		return create(WatchJobsRequestSchema, { filter, resumeToken, mode: WatchMode.LATEST, timeout });
	}

	#close(): void {
		clearTimeout(this.#gather);
		this.#gather = undefined;
		this.#link?.close();
		this.#unwake?.();
		this.#abort.abort();
		this.#abort = new AbortController();
		this.#link = undefined;
		this.#watched = new Set();
	}

	/** Asks for what the snapshot does not hold, or not as its answer. */
	#begun(answer: WatchAnswer): void {
		const told = new Set(answer.events.map((event) => event.progressInfo?.jobId));
		void this.#load(this.#usedCells().filter((cell) => !(cell instanceof JobCell && told.has(cell.jobId))));
	}

	#answered(answer: WatchAnswer): void {
		for (const { progressInfo: info, kind } of answer.events) {
			if (info === undefined) continue;
			if (FRESH.has(kind)) observeServerTime(info.updateTime);
			this.#jobs.get(info.jobId)?.take({ info, kind });
			for (const list of this.#lists.values()) list.take({ info, kind });
		}
	}

	// ---- asking

	async #poll(signal: AbortSignal): Promise<void> {
		const isTurnOfAll = this.#polls++ % OVER_FACTOR === 0;
		const isDue = (cell: JobCell | ListCell) => !(cell instanceof JobCell && cell.isOver) || isTurnOfAll;
		await loadAll(this.#usedCells().filter(isDue), signal);
	}

	/** Asks until there is an answer, or nobody listens any more. */
	async #load(cells: Cell[]): Promise<void> {
		const { signal } = this.#abort;
		try {
			await loadAll(cells, signal);
		} catch {
			await pause(POLL_MS_DEFAULT, signal);
			if (!signal.aborted) await this.#load(cells.filter((cell) => cell.isUsed));
		}
	}
}

/** Loads all cells, few at once; throws if one could not be loaded, after all were tried. */
async function loadAll(cells: Cell[], signal: AbortSignal): Promise<void> {
	const queue = [...cells];
	const errors: unknown[] = [];
	const work = async () => {
		for (let cell = queue.shift(); cell !== undefined; cell = queue.shift())
			await cell.load(signal).catch((error: unknown) => errors.push(error));
	};
	await Promise.all(Array.from({ length: LOADS_AT_ONCE }, work));
	if (errors.length > 0) throw errors[0];
}

function obtain<K, V>(map: Map<K, V>, key: K, make: () => V): V {
	let value = map.get(key);
	if (value === undefined) map.set(key, (value = make()));
	return value;
}

const hubs = new WeakMap<ProgressClient, Hub>();

/** The hub of a client: all that use one client share one connection. */
export function hubOf(client: ProgressClient): Hub {
	let hub = hubs.get(client);
	if (hub === undefined) hubs.set(client, (hub = new Hub(client)));
	return hub;
}
