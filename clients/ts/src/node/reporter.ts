/**
 * Reporting from hot loops: the loop stores its newest value, which is sent from time to time. What passes by itself (no
 * connection) is tried again with the newest value then, so the last one is never lost. When there is nothing new for half a
 * second, or a third of the lease, a heartbeat keeps the lease and asks whether the job should be cancelled.
 *
 * Sending needs the event loop: a loop that never awaits anything sends its values only when it does.
 */
import { Code, ConnectError } from "@connectrpc/connect";

import { type ProgressInfo } from "../gen/progress/v1/job_pb.js";
import { type ProgressTracker, type StageLike } from "./tracker.js";

export interface ReporterOptions {
	/** The amount in all, greater than 0, in any unit; without it only the stage is entered. */
	total?: number;
	/** At most one report in this time; default 100. */
	intervalMs?: number;
	/** The attempt the worker works on; by default the present one. */
	attempt?: number;
	/** Stay alive in the eyes of the service at least this often. */
	leaseSeconds?: number;
}

const INTERVAL_MS = 100;
const BEAT_MS = 500;
const BEATS_IN_LEASE = 3;
/** A report under way is given up after this, for a newer one. */
const ATTEMPT_MS = 1_000;
const MESSAGE_BYTES_MAX = 1024;

const PASSING: ReadonlySet<Code> = new Set([
	Code.Unavailable,
	Code.DeadlineExceeded,
	Code.Canceled,
	Code.ResourceExhausted,
]);
/** This worker's time is over. */
export const STOPPING: ReadonlySet<Code> = new Set([Code.Aborted, Code.FailedPrecondition]);

interface Value {
	readonly done: number;
	/** Undefined: only the message is of interest. */
	readonly total: number | undefined;
	readonly message: string | undefined;
}

/** Thrown by a worker that stops because it was asked to. */
export class JobCancelledError extends Error {
	constructor(message = "cancelled on request") {
		super(message);
		this.name = "JobCancelledError";
	}
}

/** Reports one stage of one job; made by `ProgressTracker.reporter`. End it with `finish`. */
export class Reporter {
	#done = 0;
	#highest = 0;
	#total: number | undefined;
	#message: string | undefined;
	#sent: Value | undefined;
	#mustStop = false;
	#stopError: ConnectError | undefined;
	#underWay: Promise<void> | undefined;
	#beatDue = 0;
	readonly #beatMs: number;
	readonly #timer: NodeJS.Timeout;

	private constructor(
		private readonly tracker: ProgressTracker,
		private readonly jobId: string,
		private readonly stage: StageLike,
		private readonly options: ReporterOptions,
		/** The state after the latest report or heartbeat. */
		public info: ProgressInfo,
	) {
		const { total, intervalMs = INTERVAL_MS, leaseSeconds } = options;
		const thirdMs = leaseSeconds === undefined ? Infinity : (leaseSeconds * 1000) / BEATS_IN_LEASE;
		this.#beatMs = Math.max(1, Math.min(BEAT_MS, thirdMs));
		this.#total = total;
		this.#note(info);
		this.#putOffBeat();
		this.#timer = setInterval(() => this.#serve(), Math.min(intervalMs, this.#beatMs)).unref();
	}

	/** Enters the stage, which is acknowledged. */
	static async start(
		tracker: ProgressTracker,
		jobId: string,
		stage: StageLike,
		options: ReporterOptions,
	): Promise<Reporter> {
		checkTotal(options.total);
		const { attempt, leaseSeconds } = options;
		const info = await tracker.updateProgress(jobId, stage, {
			...(attempt !== undefined && { attempt }),
			...(leaseSeconds !== undefined && { leaseSeconds }),
		});
		return new Reporter(tracker, jobId, stage, options, info);
	}

	/**
	 * So much is done now. Sends nothing and never waits. Values that go down or beyond the total are taken for the nearest
	 * sensible one when they are sent. Whether the worker should stop: somebody asked for the job to be cancelled, another
	 * attempt has taken over, or the job has ended or is in a later stage already.
	 */
	tick(done: number): boolean {
		this.#done = done;
		return this.#mustStop;
	}

	/** What `tick` returns. */
	get shouldStop(): boolean {
		return this.#mustStop;
	}

	/** Whether somebody asked for the job to be cancelled. */
	get cancelRequested(): boolean {
		return this.info.cancelRequested;
	}

	/**
	 * Throws if the worker should stop: a JobCancelledError, or the service's refusal when another attempt has taken over or
	 * the job has ended or is in a later stage.
	 */
	throwIfStopped(): void {
		if (this.cancelRequested) throw new JobCancelledError(this.info.cancelReason || undefined);
		if (this.#stopError !== undefined) throw this.#stopError;
	}

	/** Changes the total, when more is known. */
	setTotal(total: number): void {
		checkTotal(total);
		this.#total = total;
	}

	/** Goes with the next report; cut at 1024 bytes. */
	setMessage(message: string): void {
		this.#message = cut(message);
	}

	/** Sends the last value and waits for its acknowledgement. */
	async finish(): Promise<ProgressInfo> {
		await this.stop();
		const value = this.#news();
		if (value !== undefined) await this.#send(value, {});
		return this.info;
	}

	/** Sends nothing more; the last value may be lost. */
	async stop(): Promise<void> {
		clearInterval(this.#timer);
		await this.#underWay;
	}

	#serve(): void {
		if (this.#underWay !== undefined) return;
		const value = this.#news();
		const isBeatDue = performance.now() >= this.#beatDue;
		if (value === undefined && !isBeatDue) return;
		this.#putOffBeat();
		const call = { timeoutMs: ATTEMPT_MS };
		const sending = value === undefined ? this.#beat(call) : this.#send(value, call);
		// Its error is noted; what passes by itself is tried again.
		this.#underWay = sending
			.catch(() => undefined)
			.finally(() => {
				this.#underWay = undefined;
			});
	}

	#putOffBeat(): void {
		this.#beatDue = performance.now() + this.#beatMs;
	}

	/** What was not acknowledged yet. */
	#news(): Value | undefined {
		this.#highest = Math.max(this.#highest, Number.isFinite(this.#done) ? this.#done : 0);
		const [total, message] = [this.#total, this.#message];
		const done = Math.min(this.#highest, total ?? Infinity);
		const isKnown = total === undefined || (done === this.#sent?.done && total === this.#sent.total);
		return isKnown && message === undefined ? undefined : { done, total, message };
	}

	async #send(value: Value, call: { timeoutMs?: number }): Promise<void> {
		const { done, total, message } = value;
		const { attempt } = this.options;
		this.#message = undefined;
		const options = { ...call, ...(message !== undefined && { message }), ...(attempt !== undefined && { attempt }) };
		try {
			const sending =
				total === undefined
					? this.tracker.updateProgress(this.jobId, this.stage, options)
					: this.tracker.updateProgressIncremental(this.jobId, this.stage, { done, total }, options);
			this.#note(await sending);
			this.#sent = value;
		} catch (error) {
			this.#fail(error, value);
			throw error;
		}
	}

	/** An error that stays is not repeated until there is something new. */
	#fail(error: unknown, value: Value): void {
		if (PASSING.has(ConnectError.from(error).code)) this.#message ??= value.message;
		else this.#sent = value;
		this.#noteStop(error);
	}

	#noteStop(error: unknown): void {
		const fault = ConnectError.from(error);
		if (!STOPPING.has(fault.code)) return;
		this.#mustStop = true;
		this.#stopError ??= fault;
	}

	async #beat(call: { timeoutMs: number }): Promise<void> {
		const { attempt } = this.options;
		try {
			this.#note(await this.tracker.heartbeat(this.jobId, { ...call, ...(attempt !== undefined && { attempt }) }));
		} catch (error) {
			this.#noteStop(error);
		}
	}

	#note(info: ProgressInfo): void {
		this.info = info;
		this.#mustStop ||= info.cancelRequested;
	}
}

function checkTotal(total: number | undefined): void {
	if (total !== undefined && !(total > 0 && Number.isFinite(total)))
		throw new RangeError(`total: ${String(total)}; must be a number greater than 0`);
}

/** At most so many bytes, cut before a character and not inside. */
export function cut(text: string): string {
	let bytes = 0;
	let kept = "";
	for (const character of text) {
		bytes += Buffer.byteLength(character);
		if (bytes > MESSAGE_BYTES_MAX) break;
		kept += character;
	}
	return kept;
}
