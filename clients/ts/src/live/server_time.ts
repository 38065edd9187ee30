/**
 * What the service's clock shows, so that curves are drawn right on machines whose own clock is wrong. Each fresh change tells
 * it, a little late; of the last few the one that came fastest is believed.
 */
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

const KEPT = 8;
let behindMs: number[] = [];

/** A change of that time has just been heard of. */
export function observeServerTime(time: Timestamp | undefined): void {
	if (time !== undefined) behindMs = [...behindMs.slice(1 - KEPT), Date.now() - timestampMs(time)];
}

/** Milliseconds since 1970 by the service's clock; by ours as long as nothing was heard. */
export function serverNow(): number {
	return Date.now() - (behindMs.length === 0 ? 0 : Math.min(...behindMs));
}

/** As when the page was opened. */
export function forgetServerTime(): void {
	behindMs = [];
}
