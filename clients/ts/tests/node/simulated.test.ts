/** What the bar draws between two updates is what the daemon says by then. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { fractionAt, isMoving, ProgressSource, ProgressTracker } from "../../src/node/index.js";
import { Daemon, hasDaemon } from "../support/daemon.js";

describe.skipIf(!hasDaemon)("a simulated stage", () => {
	let daemon: Daemon;
	let tracker: ProgressTracker;
	beforeAll(async () => {
		daemon = await Daemon.start();
		tracker = new ProgressTracker(daemon.ipc);
	});
	afterAll(async () => {
		tracker.close();
		await daemon.stop();
	});

	test("is drawn by its curve as the service moves it", async () => {
		const first = await tracker.simulateProgress("job-1", "transcribing", 3);
		expect(first.source).toBe(ProgressSource.SIMULATED);
		expect(isMoving(first)).toBe(true);
		let latest = first;
		while (latest.fraction < first.fraction + 0.05) {
			const before = Date.now();
			latest = await tracker.getProgress("job-1");
			// The daemon has answered between the two moments.
			expect(latest.fraction).toBeGreaterThanOrEqual(fractionAt(first, before) - 0.001);
			expect(latest.fraction).toBeLessThanOrEqual(fractionAt(first, Date.now()) + 0.001);
		}
		expect(latest.revision).toBe(first.revision);
	});

	test("is watched as it moves, and never goes back", async () => {
		await tracker.simulateProgress("job-2", "analyzing", 2);
		const seen: number[] = [];
		for await (const info of tracker.watchProgress("job-2")) {
			seen.push(info.fraction);
			if (info.progress >= 55 && info.status === "analyzing") await tracker.updateProgress("job-2", "completed");
		}
		expect(seen.length).toBeGreaterThan(2); // the snapshot, the end, and how it moved in between
		expect(seen).toEqual([...seen].sort((one, other) => one - other));
		expect(seen.at(-1)).toBe(1);
	});
});
