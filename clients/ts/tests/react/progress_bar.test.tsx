// @vitest-environment jsdom
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { render, screen, cleanup } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { fractionAt, JobState, ProgressInfoSchema, type ProgressInfo, ProgressSource } from "../../src/index.js";
import { ProgressBar, type ProgressBarProps } from "../../src/react/index.js";

const BORN = 1_700_000_000_000;
let wantsLessMotion = false;
let frames: FrameRequestCallback[] = [];

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date", "performance"], now: BORN });
	vi.stubGlobal("matchMedia", () => ({ matches: wantsLessMotion }));
	vi.stubGlobal("requestAnimationFrame", (draw: FrameRequestCallback) => frames.push(draw));
	wantsLessMotion = false;
});
afterEach(() => {
	cleanup();
	for (const draw of frames.splice(0)) draw(performance.now()); // nothing is left that wants another one
	expect(frames).toEqual([]);
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

/** Lets so much time pass, with a frame every 16 ms; how far the bar was at each frame. */
function play(ms: number): number[] {
	const places: number[] = [];
	for (let passed = 0; passed < ms; passed += 16) {
		vi.advanceTimersByTime(16);
		const due = frames;
		frames = [];
		for (const draw of due) draw(performance.now());
		places.push(place());
	}
	return places;
}

function bar(): HTMLElement {
	return screen.getByRole("progressbar");
}

function place(): number {
	return 100 + Number(/translateX\((.*)%\)/.exec((bar().firstChild as HTMLElement).style.transform)?.[1]);
}

function infoWith(fields: Partial<Omit<ProgressInfo, "$typeName" | "$unknown">> = {}): ProgressInfo {
	return create(ProgressInfoSchema, {
		jobId: "job-1",
		state: JobState.ACTIVE,
		label: "Transcribing audio",
		source: ProgressSource.MEASURED,
		attempt: 1,
		run: 1,
		...fields,
	});
}

const curve = { origin: timestampFromMs(BORN), start: 0.25, end: 0.5, logMedian: Math.log(60), logSpread: 0.5 };

function show(props: ProgressBarProps) {
	const element = (all: ProgressBarProps) => (
		<StrictMode>
			<ProgressBar {...all} />
		</StrictMode>
	);
	const { rerender } = render(element(props));
	return (info: ProgressInfo) => rerender(element({ ...props, info }));
}

describe("ProgressBar", () => {
	test("can be heard", () => {
		const update = show({ info: infoWith({ fraction: 0.379 }) });
		expect(bar().getAttribute("aria-label")).toBe("job-1");
		expect([bar().ariaValueMin, bar().ariaValueMax, bar().ariaValueNow]).toEqual(["0", "100", "37"]);
		expect(bar().getAttribute("aria-valuetext")).toBe("37 %, Transcribing audio");
		expect(screen.getByRole("status").textContent).toBe("Transcribing audio");
		update(infoWith({ fraction: 0.379, state: JobState.STALLED }));
		expect(bar().getAttribute("aria-valuetext")).toBe("37 %, Transcribing audio, stalled");
		expect(screen.getByRole("status").textContent).toBe("Transcribing audio, stalled");
	});

	test("says nothing about a place that is not known", () => {
		show({ info: null });
		expect(bar().hasAttribute("aria-valuenow")).toBe(false);
		expect(bar().dataset["look"]).toBe("waiting");
	});

	test.each([
		[{ source: ProgressSource.SIMULATED }, "simulated"],
		[{ source: ProgressSource.ESTIMATED }, "measured"],
		[{ state: JobState.STALLED, source: ProgressSource.SIMULATED }, "stalled"],
		[{ state: JobState.SUCCEEDED }, "succeeded"],
		[{ state: JobState.FAILED }, "failed"],
		[{ state: JobState.CANCELLED }, "cancelled"],
	])("with %o looks %s", (fields, look) => {
		show({ info: infoWith(fields) });
		expect(bar().dataset["look"]).toBe(look);
	});

	test("looks different while its progress is simulated, and while it is stalled", () => {
		const looks = [{}, { source: ProgressSource.SIMULATED }, { state: JobState.STALLED }].map((fields) => {
			show({ info: infoWith(fields) });
			const style = (bar().firstChild as HTMLElement).getAttribute("style");
			cleanup();
			return style?.replace(/transform:.*?;/, "");
		});
		expect(new Set(looks).size).toBe(3);
	});

	test("moves along the curve between updates, never back and never in jumps", () => {
		const info = infoWith({ fraction: 0.25, curve: curve as never });
		const update = show({ info });
		expect(place()).toBeCloseTo(25, 1);
		const places = play(20_000);
		expect(places.at(-1)).toBeCloseTo(100 * fractionAt(info, Date.now()), 1);
		expect(places.at(-1)).toBeGreaterThan(29);
		update(infoWith({ fraction: 0.4, curve: { ...curve, floor: 0.4 } as never })); // a report that is ahead
		places.push(...play(2_000));
		expect(places.at(-1)).toBeCloseTo(40, 1);
		update(infoWith({ fraction: 0.3, curve: curve as never })); // comes late
		places.push(...play(2_000));
		for (let i = 1; i < places.length; i++) {
			expect(places[i]).toBeGreaterThanOrEqual(places[i - 1]!);
			expect(places[i]! - places[i - 1]!).toBeLessThan(2.5);
		}
	});

	test("holds while the job is stalled, and asks for no frames then", () => {
		show({ info: infoWith({ fraction: 0.3, state: JobState.STALLED, curve: curve as never }) });
		play(100);
		expect(new Set(play(5_000))).toEqual(new Set([place()]));
		expect(frames).toEqual([]);
	});

	test("keeps its place when the job fails, and begins anew with another attempt", () => {
		const update = show({ info: infoWith({ fraction: 0.6, progress: 60 }) });
		update(infoWith({ fraction: 0, progress: 0, reachedProgress: 60, state: JobState.FAILED }));
		play(1_000);
		expect(place()).toBeCloseTo(60, 1);
		update(infoWith({ fraction: 0.05, attempt: 2 }));
		play(1_000);
		expect(place()).toBeCloseTo(5, 1);
	});

	test("draws the share of the time when it is asked to", () => {
		show({ info: infoWith({ timeFraction: 0.5, curve: { ...curve, timeRate: 0.01 } as never }), by: "time" });
		play(10_000);
		expect(place()).toBeCloseTo(60, 0);
	});

	test("takes one step a second for those who do not want motion", () => {
		wantsLessMotion = true;
		show({ info: infoWith({ fraction: 0.25, curve: curve as never }) });
		const places = play(10_000);
		expect(new Set(places).size).toBeLessThanOrEqual(11);
		expect(places.at(-1)).toBeGreaterThan(25);
	});
});
