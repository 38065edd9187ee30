/**
 * Where a bar is drawn: it follows what the curve says without jumps and never goes back within a run of the bar, whatever
 * comes late. Who does not want motion gets a step a second instead.
 */
import { fractionAt, isMoving, timeFractionAfter } from "../curve.js";
import { type ProgressInfo } from "../gen/progress/v1/job_pb.js";
import { JobState } from "../gen/progress/v1/stages_pb.js";
import { serverNow } from "../live/server_time.js";
import { isFinal } from "../stages.js";

/** What to draw: SEED's percent, or the share of the time that is over. */
export type DrawnBy = "progress" | "time";

/** The bar covers 63 % of the way to where it should be in this time. */
const GLIDE_MS = 150;
/** From nearer than this it goes there at once. */
const NEAR = 0.0002;
const STEP_MS = 1_000;

export class Glide {
	#info: ProgressInfo | undefined;
	#seenMs = 0;
	#drawn = 0;
	#drawnMs: number | undefined;

	constructor(private readonly by: DrawnBy) {}

	/** There is a new state; the first one of a bar is drawn where it is. */
	show(info: ProgressInfo, nowMs: number): void {
		const before = this.#info;
		this.#info = info;
		this.#seenMs = nowMs;
		if (before === undefined || barOf(before) !== barOf(info)) {
			this.#drawn = this.#target(nowMs);
			this.#drawnMs = nowMs;
		}
	}

	/** The fraction to draw at that time, 0 to 1. */
	at(nowMs: number, wantsMotion: boolean): number {
		// A frame bears the time at which it began, which may lie before what was drawn last.
		const passed = Math.max(0, nowMs - (this.#drawnMs ?? nowMs));
		if (!wantsMotion && passed < STEP_MS && !this.#isFresh()) return this.#drawn;
		const way = Math.max(0, this.#target(nowMs) - this.#drawn);
		const share = wantsMotion && way > NEAR ? 1 - Math.exp(-passed / GLIDE_MS) : 1;
		this.#drawn += way * share;
		this.#drawnMs = Math.max(nowMs, this.#drawnMs ?? nowMs);
		return this.#drawn;
	}

	/** Whether it will be somewhere else soon. */
	isGoing(nowMs: number): boolean {
		return this.#info !== undefined && (isMoving(this.#info) || this.#target(nowMs) > this.#drawn);
	}

	/** Whether the newest state has not been drawn yet. */
	#isFresh(): boolean {
		return (this.#drawnMs ?? 0) <= this.#seenMs;
	}

	#target(nowMs: number): number {
		const info = this.#info;
		if (info === undefined) return 0;
		if (isFinal(info)) return info.state === JobState.SUCCEEDED ? 1 : info.reachedProgress / 100;
		if (this.by === "time") return timeFractionAfter(info, nowMs - this.#seenMs);
		return fractionAt(info, serverNow());
	}
}

/** Each attempt and each run of a job has a bar of its own. */
function barOf(info: ProgressInfo): string {
	return `${info.jobId} ${String(info.createTime?.seconds)} ${String(info.attempt)} ${String(info.run)}`;
}
