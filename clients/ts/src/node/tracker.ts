/**
 * The client for workers and readers: the service's methods as plain functions.
 *
 *     const tracker = new ProgressTracker();
 *     await tracker.updateProgress("job-1", PipelineStage.DOWNLOADING);
 *     console.log((await tracker.getProgress("job-1")).progress);
 *
 * Updates carry the worker's name and a rising number, so they may be repeated: one that was carried out changes nothing again.
 * Every method throws a ConnectError when the service refuses or cannot be reached in time: `code`, `rawMessage` and
 * `reasonOf(error)` say why.
 */
import { randomUUID } from "node:crypto";

import { type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type CallOptions, Code, type Transport } from "@connectrpc/connect";

import { createProgressClient, type ProgressClient } from "../client.js";
import { type ProgressInfo } from "../gen/progress/v1/job_pb.js";
import { type CreateJobRequestSchema, WatchMode } from "../gen/progress/v1/progress_service_pb.js";
import { type PipelineStage } from "../gen/progress/v1/stages_pb.js";
import { VERSION } from "../gen/version.js";
import { findStage, getAllStages } from "../stages.js";
import { watchJob } from "../watch.js";
import { reasonError } from "./call.js";
import { makeWriter, Pace } from "./pace.js";
import { Reporter, type ReporterOptions } from "./reporter.js";
import { runStage, track } from "./stage_scope.js";
import { createNodeTransport, type NodeTransport, type NodeTransportOptions } from "./transport.js";

export interface ProgressTrackerOptions extends NodeTransportOptions {
	/** Any other way to reach the service, instead of `server`. */
	transport?: Transport;
	/** A name for this worker, 1 to 64 bytes, of its own among those that update the same job at the same time; by default made
	 * from host, process and a random number. */
	writer?: string;
}

/** What may go with an update. */
export interface UpdateOptions extends CallOptions {
	/** What to show to people, at most 1024 bytes. */
	message?: string;
	/** Entries to merge into the job's. */
	metadata?: Record<string, string>;
	/** The attempt the worker works on; by default the present one. A greater one than the present starts anew. */
	attempt?: number;
	/** The next sign of life comes within so many seconds; by default as before. */
	leaseSeconds?: number;
}

/** A stage as enum value or as status. */
export type StageLike = PipelineStage | string;
/** A share of the stage from 0 to 1, or so much done of a total in any unit. */
export type StagePlace = number | { done: number; total: number };

const WAIT_SECONDS = 30;

export class ProgressTracker {
	/** The generated client, for everything else. */
	readonly client: ProgressClient;
	readonly writer: string;
	readonly #transport: NodeTransport | undefined;
	readonly #pace = new Pace();
	#checked: Promise<void> | undefined;

	/** @param options - an address, or more; without: $PRG_SERVER, else the daemon's usual place. */
	constructor(options: string | ProgressTrackerOptions = {}) {
		const { transport, writer, ...others } = typeof options === "string" ? { server: options } : { ...options };
		this.#transport = transport === undefined ? createNodeTransport(others) : undefined;
		this.writer = writer ?? makeWriter();
		this.client = createProgressClient(
			this.#transport !== undefined
				? { transport: this.#transport }
				: { ...(transport && { transport }), ...(others.token !== undefined && { token: others.token }) },
		);
	}

	// ---- the six

	/** The present state of a job; NOT_FOUND: there is none. */
	async getProgress(jobId: string, options?: CallOptions): Promise<ProgressInfo> {
		return this.#info(() => this.client.getProgress({ jobId }, options));
	}

	/** Jumps to the start of a stage; creates the job if it is new. */
	async updateProgress(jobId: string, stage: StageLike, options: UpdateOptions = {}): Promise<ProgressInfo> {
		const number = numberOf(stage);
		return this.#update(jobId, options, (fields, call) =>
			this.client.updateProgress({ ...fields, stage: number }, call),
		);
	}

	/** The same with the stage by name, in any case; the service knows the names. */
	async updateProgressByStatus(jobId: string, status: string, options: UpdateOptions = {}): Promise<ProgressInfo> {
		return this.#update(jobId, options, (fields, call) =>
			this.client.updateProgressByStatus({ ...fields, status }, call),
		);
	}

	/** Sets a percentage of your choice, an integer from 0 to 100. */
	async updateProgressExplicit(
		jobId: string,
		stage: StageLike,
		progress: number,
		options: UpdateOptions = {},
	): Promise<ProgressInfo> {
		const number = numberOf(stage);
		if (!Number.isInteger(progress)) throw new TypeError(`progress: ${String(progress)}; must be an integer`);
		return this.#update(jobId, options, (fields, call) =>
			this.client.updateProgressExplicit({ ...fields, stage: number, progress }, call),
		);
	}

	/** Sets the place inside a stage. */
	async updateProgressIncremental(
		jobId: string,
		stage: StageLike,
		place: StagePlace,
		options: UpdateOptions = {},
	): Promise<ProgressInfo> {
		const where = { stage: numberOf(stage), ...(typeof place === "number" ? { fraction: place } : place) };
		return this.#update(jobId, options, (fields, call) =>
			this.client.updateProgressIncremental({ ...fields, ...where }, call),
		);
	}

	/** The percentage each stage begins with, by status, in order, as the schema of this package says. */
	static getAllStages(): Record<string, number> {
		return getAllStages();
	}

	// ---- more of the service

	/** Lets the service move the bar by itself inside a stage; without `seconds`: as long as the stage usually takes. */
	async simulateProgress(
		jobId: string,
		stage: StageLike,
		seconds?: number,
		options: UpdateOptions = {},
	): Promise<ProgressInfo> {
		const where = { stage: numberOf(stage), ...(seconds !== undefined && { expectedDuration: ofSeconds(seconds) }) };
		return this.#update(jobId, options, (fields, call) => this.client.simulateProgress({ ...fields, ...where }, call));
	}

	/** Creates a job that waits for a worker; without a jobId one is made up. ALREADY_EXISTS: there is one. */
	async createJob(
		job: Omit<MessageInitShape<typeof CreateJobRequestSchema>, "requestId" | "$typeName"> = {},
	): Promise<ProgressInfo> {
		const { jobId = "", ...others } = job;
		const request = { ...others, jobId: jobId === "" ? randomUUID() : jobId, requestId: makeWriter() };
		return this.#info(() => this.client.createJob(request));
	}

	/** The state as soon as its revision is greater, or after so many seconds as it is then. */
	async waitProgress(jobId: string, afterRevision = 0n, seconds = WAIT_SECONDS): Promise<ProgressInfo> {
		return this.#info(() => this.client.waitProgress({ jobId, afterRevision, timeout: ofSeconds(seconds) }));
	}

	/** The present state and then each newer one until the job has ended or was deleted, through restarts of the service. */
	async *watchProgress(
		jobId: string,
		options: { every?: boolean; waitForCreation?: boolean; signal?: AbortSignal } = {},
	): AsyncGenerator<ProgressInfo, void> {
		const { every = false, ...others } = options;
		await this.#checkServer();
		const mode = every ? WatchMode.ALL : WatchMode.LATEST;
		for await (const event of watchJob(this.client, jobId, { ...others, mode }))
			if (event.progressInfo !== undefined) yield event.progressInfo;
	}

	/** Asks the job's worker to stop. */
	async cancelJob(jobId: string, reason = ""): Promise<ProgressInfo> {
		return this.#info(() => this.client.cancelJob({ jobId, reason }));
	}

	/** "I am alive"; the next sign of life comes within so many seconds, by default as before. */
	async heartbeat(
		jobId: string,
		options: Pick<UpdateOptions, "attempt" | "leaseSeconds"> & CallOptions = {},
	): Promise<ProgressInfo> {
		const { attempt = 0, leaseSeconds, ...call } = options;
		const lease = leaseSeconds === undefined ? {} : { lease: ofSeconds(leaseSeconds) };
		return this.#info(() => this.client.heartbeat({ jobId, attempt, writer: this.writer, ...lease }, call));
	}

	// ---- for workers

	/** Enters a stage, and then sends the newest value of `tick` from time to time. */
	async reporter(jobId: string, stage: StageLike, options: ReporterOptions = {}): Promise<Reporter> {
		return Reporter.start(this, jobId, stage, options);
	}

	/**
	 * Does a stage: enters it, lets `work` report, and has the last value acknowledged. An error of `work` ends the job as FAILED
	 * with its text, a JobCancelledError as CANCELLED; it is thrown on.
	 */
	async runStage<T>(
		jobId: string,
		stage: StageLike,
		work: (reporter: Reporter) => Promise<T>,
		options: ReporterOptions = {},
	): Promise<T> {
		return runStage(this, jobId, stage, work, options);
	}

	/**
	 * Gives the items one after the other and reports how many are done; the total is their number if they are an array. Throws
	 * a JobCancelledError when the worker should stop; the job has then ended as CANCELLED.
	 */
	track<T>(
		items: Iterable<T> | AsyncIterable<T>,
		jobId: string,
		stage: StageLike,
		options: ReporterOptions = {},
	): AsyncGenerator<T, void> {
		return track(this, items, jobId, stage, options);
	}

	/** Ends the tracker's connection, unless it was given a transport; finish reporters first. */
	close(): void {
		this.#transport?.close();
	}

	// ---- calls

	async #update(
		jobId: string,
		options: UpdateOptions,
		send: (fields: UpdateFields, call: CallOptions) => Promise<{ progressInfo?: ProgressInfo }>,
	): Promise<ProgressInfo> {
		const { message = "", metadata = {}, attempt = 0, leaseSeconds, ...call } = options;
		const lease = leaseSeconds === undefined ? {} : { lease: ofSeconds(leaseSeconds) };
		const fields = { jobId, message, metadata, attempt, writer: this.writer, ...lease };
		return this.#pace.turn(jobId, (sequence) => this.#info(() => send({ ...fields, sequence }, call)));
	}

	async #info(ask: () => Promise<{ progressInfo?: ProgressInfo }>): Promise<ProgressInfo> {
		await this.#checkServer();
		const { progressInfo } = await ask();
		if (progressInfo === undefined)
			throw reasonError(Code.Internal, "BAD_REPLY", "the answer has no progress_info: not a progressd?");
		return progressInfo;
	}

	/** Asks at first use who is there. */
	#checkServer(): Promise<void> {
		this.#checked ??= this.#compareVersions().catch((error: unknown) => {
			this.#checked = undefined;
			throw error;
		});
		return this.#checked;
	}

	async #compareVersions(): Promise<void> {
		const { name, version } = await this.client.getServerInfo({});
		if (version.split(".")[0] === VERSION.split(".")[0]) return;
		const text = `the server is ${name} ${version}, this is progressd for Node ${VERSION}: their major versions must be the same`;
		throw reasonError(Code.FailedPrecondition, "INCOMPATIBLE_VERSION", text);
	}
}

interface UpdateFields {
	jobId: string;
	message: string;
	metadata: Record<string, string>;
	attempt: number;
	writer: string;
	sequence: bigint;
	lease?: ReturnType<typeof durationFromMs>;
}

function ofSeconds(seconds: number): ReturnType<typeof durationFromMs> {
	if (!Number.isFinite(seconds)) throw new RangeError(`seconds: ${String(seconds)}; must be a finite number`);
	return durationFromMs(Math.round(seconds * 1000));
}

function numberOf(stage: StageLike): PipelineStage {
	if (typeof stage === "number") return stage;
	const row = findStage(stage);
	if (row !== undefined) return row.stage;
	throw new TypeError(`stage: "${stage}" is none; allowed are: ${Object.keys(getAllStages()).join(", ")}`);
}
