/** A service in memory for the tests of what is above it: it keeps the jobs it is given, and can be made to misbehave. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type HandlerContext } from "@connectrpc/connect";

import {
	createProgressClient,
	EventKind,
	isFinal,
	type JobFilter,
	JobState,
	PipelineStage,
	type ProgressEvent,
	ProgressEventSchema,
	type ProgressInfo,
	ProgressInfoSchema,
	ProgressTrackerService,
	type WatchJobsRequest,
} from "../../src/index.js";
import { passes } from "../../src/live/list_cell.js";

type InfoInit = Omit<MessageInitShape<typeof ProgressInfoSchema>, "$typeName">;
const BORN = 1_700_000_000_000;

export class FakeService {
	readonly jobs = new Map<string, ProgressInfo>();
	/** How often each method was called. */
	readonly calls: Record<string, number> = {};
	readonly authorizations: (string | null)[] = [];
	readonly filters: JobFilter[] = [];
	/** The most streams there ever were at once. */
	mostOpen = 0;
	/** Every method fails with it. */
	failure: ConnectError | undefined;
	/** Streams open, but nothing ever comes. */
	areStreamsBlocked = false;
	/** Tokens of before are not known any more. */
	epoch = 1;
	#log: { event: ProgressEvent; number: number }[] = [];
	#wakes = new Set<() => void>();
	#count = 0;
	readonly #streams = new Set<AbortSignal>();

	readonly transport = createRouterTransport(({ service }) => {
		service(ProgressTrackerService, {
			getProgress: ({ jobId }, context) => {
				this.#enter("getProgress", context);
				return { progressInfo: this.find(jobId) };
			},
			listJobs: ({ filter, pageSize, pageToken }, context) => {
				this.#enter("listJobs", context);
				const all = [...this.jobs.values()].filter((info) => filter === undefined || passes(filter, info)).reverse();
				const from = Number(pageToken || 0);
				const to = from + (pageSize || 50);
				return { jobs: all.slice(from, to), nextPageToken: to < all.length ? String(to) : "" };
			},
			getAllStages: (_request, context) => {
				this.#enter("getAllStages", context);
				return { stages: [{ status: "new_one", label: "New one" }] };
			},
			watchJobs: (request, context) => {
				this.#enter("watchJobs", context);
				return this.#watch(request, context);
			},
			watchProgress: (request, context) => {
				this.#enter("watchProgress", context);
				this.find(request.jobId);
				const filter = { jobIds: [request.jobId] } as JobFilter;
				return this.#watch({ ...request, filter } as unknown as WatchJobsRequest, context);
			},
		});
	});
	readonly client = createProgressClient({ transport: this.transport });

	/** How many streams are open just now. */
	get open(): number {
		return this.#streams.size;
	}

	find(jobId: string): ProgressInfo {
		const info = this.jobs.get(jobId);
		if (info === undefined) throw new ConnectError(`job_id: there is no job ${jobId}`, Code.NotFound);
		return info;
	}

	/** Changes a job, or makes it. */
	put(jobId: string, fields: InfoInit = {}): ProgressInfo {
		const before = this.jobs.get(jobId);
		const info = create(ProgressInfoSchema, {
			createTime: timestampFromMs(BORN + this.jobs.size * 1000),
			updateTime: timestampFromMs(Date.now()),
			state: JobState.ACTIVE,
			stage: PipelineStage.QUEUED,
			status: "queued",
			label: "Queued",
			attempt: 1,
			run: 1,
			...before,
			...fields,
			jobId,
			revision: (before?.revision ?? 0n) + 1n,
		} as InfoInit);
		this.jobs.set(jobId, info);
		const kind = isFinal(info) ? EventKind.ENDED : before === undefined ? EventKind.CREATED : EventKind.UPDATED;
		this.#publish(create(ProgressEventSchema, { progressInfo: info, kind }));
		return info;
	}

	delete(jobId: string): void {
		const info = this.find(jobId);
		this.jobs.delete(jobId);
		this.#publish(create(ProgressEventSchema, { progressInfo: info, kind: EventKind.DELETED }));
	}

	/** Ends all streams, as a restart does. */
	breakStreams(): void {
		this.epoch++;
		this.#wake();
	}

	#publish(event: ProgressEvent): void {
		this.#log.push({ event, number: ++this.#count });
		this.#wake();
	}

	#wake(): void {
		for (const wake of this.#wakes) wake();
		this.#wakes = new Set();
	}

	#enter(method: string, context: HandlerContext): void {
		this.calls[method] = (this.calls[method] ?? 0) + 1;
		this.authorizations.push(context.requestHeader.get("Authorization"));
		if (this.failure !== undefined) throw this.failure;
	}

	async *#watch(request: WatchJobsRequest, context: HandlerContext) {
		const epoch = this.epoch;
		const [known, from] = request.resumeToken.split(":").map(Number);
		const ids = request.filter?.jobIds ?? [];
		const isWanted = (info: ProgressInfo | undefined) => ids.length === 0 || ids.includes(info?.jobId ?? "");
		if (request.filter !== undefined) this.filters.push(request.filter);
		const streams = this.#streams.add(context.signal);
		context.signal.addEventListener("abort", () => streams.delete(context.signal));
		this.mostOpen = Math.max(this.mostOpen, this.open);
		try {
			let at = this.#count;
			if (known === epoch && from !== undefined) {
				at = from;
			} else if (!this.areStreamsBlocked) {
				const infos = [...this.jobs.values()].filter((info) => isWanted(info) && (ids.length > 0 || !isFinal(info)));
				const events = infos.map((progressInfo) => ({ progressInfo, kind: EventKind.SNAPSHOT }));
				yield { events, resumeToken: `${epoch}:${at}`, resync: request.resumeToken !== "" };
			}
			while (!context.signal.aborted && epoch === this.epoch) {
				const news = this.#log.filter(({ event, number }) => number > at && isWanted(event.progressInfo));
				at = this.#count;
				const events = news.map(({ event }) => event);
				if (events.length > 0 && !this.areStreamsBlocked)
					yield { events, resumeToken: `${epoch}:${at}`, resync: false };
				else await this.#nextWake(context.signal);
			}
			if (epoch !== this.epoch) throw new ConnectError("stopping", Code.Unavailable);
		} finally {
			streams.delete(context.signal);
		}
	}

	#nextWake(signal: AbortSignal): Promise<void> {
		return new Promise((resolve) => {
			this.#wakes.add(resolve);
			signal.addEventListener("abort", () => resolve());
		});
	}
}
