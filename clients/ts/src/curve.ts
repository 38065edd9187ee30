/** Where the bar stands between two updates: what the curve of a ProgressInfo says, as a pure function of the time. */
import { timestampMs } from "@bufbuild/protobuf/wkt";

import { type Curve, ProgressFlag, type ProgressInfo } from "./gen/progress/v1/job_pb.js";
import { JobState } from "./gen/progress/v1/stages_pb.js";
import { millsQuotient } from "./mills.js";

/** A stage that is under way is never shown as done. */
const PLACE_MAX = 0.9999;

/** The share of its time that a stage of that age has behind it: E[age/T | T > age] for a lognormal T. */
export function curvePlace(curve: Pick<Curve, "logMedian" | "logSpread">, ageSeconds: number): number {
	if (!(ageSeconds > 0) || !(curve.logSpread > 0)) return 0;
	const z = (Math.log(ageSeconds) - curve.logMedian) / curve.logSpread;
	return Math.min(millsQuotient(z, curve.logSpread), PLACE_MAX);
}

/** Whether the bar moves by itself until the next update. It holds while nobody knows whether the worker is alive. */
export function isMoving(info: ProgressInfo): boolean {
	const holds = info.flag === ProgressFlag.LOST || info.flag === ProgressFlag.SILENT;
	return info.curve !== undefined && info.state === JobState.ACTIVE && !holds;
}

/** The fraction to show for `progress`, 0 to 1, at a time of the service's clock in milliseconds since 1970. */
export function fractionAt(info: ProgressInfo, serverMs: number): number {
	const { curve } = info;
	if (curve?.origin === undefined || !isMoving(info)) return info.fraction;
	const age = (serverMs - timestampMs(curve.origin)) / 1000;
	return Math.max(info.fraction, curve.floor, curve.start + (curve.end - curve.start) * curvePlace(curve, age));
}

/** The fraction to show for `time_fraction`, 0 to 1, so many milliseconds after the info came. */
export function timeFractionAfter(info: ProgressInfo, elapsedMs: number): number {
	if (info.curve === undefined || !isMoving(info)) return info.timeFraction;
	return Math.max(info.timeFraction, Math.min(PLACE_MAX, info.timeFraction + (info.curve.timeRate * elapsedMs) / 1000));
}
