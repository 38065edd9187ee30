/**
 * The jobs that pass a filter, the newest first: pages of ListJobs, kept up to date by what the hub hears. While there are
 * more pages, jobs that are older than the loaded ones are left out, so that the list has no holes. A list of jobs that have
 * ended, which only ever grows, is cut back to what was asked for from time to time.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type ConnectError } from "@connectrpc/connect";

import { type ProgressClient } from "../client.js";
import { passesByItself } from "../errors.js";
import { EventKind, type ProgressInfo } from "../gen/progress/v1/job_pb.js";
import { type JobFilter, JobFilterSchema } from "../gen/progress/v1/progress_service_pb.js";
import { isFinal } from "../stages.js";
import { isNews } from "../watch.js";
import { Cell, type Change, toError } from "./cell.js";

const PAGE_SIZE_MAX = 1000;
/** A list of ended jobs may be longer by this than was asked for. */
const SLACK = 1000;

export interface ListSnapshot {
	readonly jobs: readonly ProgressInfo[];
	readonly error: ConnectError | undefined;
	readonly isLoading: boolean;
	/** Older jobs can be loaded. */
	readonly hasMore: boolean;
}

export const NO_JOBS: ListSnapshot = { jobs: [], error: undefined, isLoading: true, hasMore: false };

export class ListCell extends Cell {
	readonly filter: JobFilter;
	#snapshot = NO_JOBS;
	/** The snapshot's jobs are not what is known; sorting them waits until somebody looks. */
	#isStale = false;
	#jobs = new Map<string, ProgressInfo>();
	/** Heard of while a load is under way, which may know less of them. */
	#heard: Map<string, ProgressInfo | undefined> | undefined;
	#loads = 0;
	#wanted: number;
	/** Older jobs are on pages that are not loaded. */
	#oldestMs = -Infinity;

	constructor(
		private readonly client: ProgressClient,
		filter: MessageInitShape<typeof JobFilterSchema>,
		private readonly pageSize: number,
	) {
		super();
		this.filter = create(JobFilterSchema, filter);
		this.#wanted = pageSize;
	}

	/** What is shown now; the same object until it changes. */
	get snapshot(): ListSnapshot {
		if (this.#isStale) {
			this.#isStale = false;
			this.#snapshot = { ...this.#snapshot, jobs: [...this.#jobs.values()].sort(newestFirst) };
		}
		return this.#snapshot;
	}

	/** Makes the next load bring one page more. */
	wantMore(): void {
		this.#wanted = Math.max(this.#wanted, this.#jobs.size) + this.pageSize;
	}

	override async load(signal: AbortSignal): Promise<void> {
		const load = ++this.#loads;
		const heard = (this.#heard = new Map<string, ProgressInfo | undefined>());
		try {
			const { jobs, hasMore } = await this.#read(signal);
			if (load !== this.#loads) return; // a later one knows better
			const last = jobs.at(-1);
			this.#oldestMs = hasMore && last !== undefined ? createdMs(last) : -Infinity;
			this.#jobs = new Map(jobs.map((info) => [info.jobId, info]));
			this.#heard = undefined;
			for (const [jobId, info] of heard) {
				if (info === undefined) this.#jobs.delete(jobId);
				else this.#put(info);
			}
			this.#showJobs({ error: undefined, isLoading: false, hasMore });
		} catch (error) {
			if (load === this.#loads) this.#heard = undefined;
			if (signal.aborted || passesByItself(error)) throw error;
			this.#showJobs({ error: toError(error), isLoading: false });
		}
	}

	override take({ info, kind }: Change): void {
		const isGone = kind === EventKind.DELETED || !passes(this.filter, info);
		this.#heard?.set(info.jobId, isGone ? undefined : info);
		if (isGone ? this.#jobs.delete(info.jobId) : this.#put(info)) this.#showJobs({});
	}

	/** Whether it says something new. */
	#put(info: ProgressInfo): boolean {
		const shown = this.#jobs.get(info.jobId);
		if (!isNews(info, shown) || (shown === undefined && createdMs(info) < this.#oldestMs)) return false;
		this.#jobs.set(info.jobId, info);
		this.#cut();
		return true;
	}

	/** Leaves the oldest out, as if they had never been loaded. */
	#cut(): void {
		const { states } = this.filter;
		if (this.#jobs.size <= this.#wanted + SLACK || states.length === 0 || !states.every((state) => isFinal({ state })))
			return;
		const kept = [...this.#jobs.values()].sort(newestFirst).slice(0, this.#wanted);
		this.#jobs = new Map(kept.map((info) => [info.jobId, info]));
		const last = kept.at(-1);
		this.#oldestMs = last === undefined ? -Infinity : createdMs(last);
		this.#snapshot = { ...this.#snapshot, hasMore: true };
	}

	async #read(signal: AbortSignal): Promise<{ jobs: ProgressInfo[]; hasMore: boolean }> {
		const jobs: ProgressInfo[] = [];
		let pageToken = "";
		do {
			const pageSize = Math.min(PAGE_SIZE_MAX, this.#wanted - jobs.length);
			const page = await this.client.listJobs({ filter: this.filter, pageSize, pageToken }, { signal });
			jobs.push(...page.jobs);
			pageToken = page.nextPageToken;
		} while (pageToken !== "" && jobs.length < this.#wanted);
		return { jobs, hasMore: pageToken !== "" };
	}

	#showJobs(changes: Partial<Omit<ListSnapshot, "jobs">>): void {
		this.#snapshot = { ...this.#snapshot, ...changes };
		this.#isStale = true;
		this.changed();
	}
}

function createdMs(info: ProgressInfo): number {
	const time: Timestamp | undefined = info.createTime;
	return time === undefined ? 0 : timestampMs(time);
}

function newestFirst(one: ProgressInfo, other: ProgressInfo): number {
	return createdMs(other) - createdMs(one) || (one.jobId < other.jobId ? -1 : 1);
}

/** Whether the service would list the job. */
export function passes(filter: JobFilter, info: ProgressInfo): boolean {
	return (
		(filter.states.length === 0 || filter.states.includes(info.state)) &&
		(filter.stages.length === 0 || filter.stages.includes(info.stage)) &&
		(filter.pipeline === "" || filter.pipeline === info.pipeline) &&
		(filter.parent === "" || filter.parent === info.parent) &&
		info.jobId.startsWith(filter.jobIdPrefix)
	);
}
