/** The tracker and its reporters against a real daemon. */
import { Code, type ConnectError, createRouterTransport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import {
	JobCancelledError,
	JobState,
	PipelineStage,
	ProgressTracker,
	ProgressTrackerService,
	reasonOf,
	type SimulateProgressRequest,
	VERSION,
} from "../../src/node/index.js";
import { Daemon, hasDaemon } from "../support/daemon.js";

describe.skipIf(!hasDaemon)("ProgressTracker", () => {
	let daemon: Daemon;
	let tracker: ProgressTracker;
	let count = 0;
	const newJob = () => `job-${++count}`;
	beforeAll(async () => {
		daemon = await Daemon.start();
		tracker = new ProgressTracker(daemon.ipc);
	});
	afterAll(async () => {
		tracker.close();
		await daemon.stop();
	});

	test("has the six methods", async () => {
		const id = newJob();
		expect((await tracker.updateProgress(id, PipelineStage.DOWNLOADING)).progress).toBe(5);
		expect((await tracker.updateProgressByStatus(id, "Downloaded")).progress).toBe(15);
		expect((await tracker.updateProgressExplicit(id, "transcribing", 30, { message: "half" })).message).toBe("half");
		expect((await tracker.updateProgressIncremental(id, PipelineStage.TRANSCRIBING, 0.5)).progress).toBe(37);
		expect((await tracker.updateProgressIncremental(id, "transcribing", { done: 3, total: 4 })).progress).toBe(43);
		expect(await tracker.getProgress(id)).toMatchObject({ status: "transcribing", progress: 43, message: "half" });
		expect(ProgressTracker.getAllStages()).toMatchObject({ queued: 0, transcribing: 25 });
	});

	test("has the rest of the service", async () => {
		const { jobId } = await tracker.createJob({ metadata: { video_id: "v" }, pipeline: "clips" });
		expect((await tracker.waitProgress(jobId)).pipeline).toBe("clips");
		expect((await tracker.updateProgress(jobId, "downloading", { leaseSeconds: 30 })).leaseExpireTime).toBeDefined();
		expect((await tracker.cancelJob(jobId, "enough")).cancelReason).toBe("enough");
		expect((await tracker.heartbeat(jobId, { leaseSeconds: 5 })).cancelRequested).toBe(true);
	});

	test("refuses what is no stage or no integer before anything is sent", async () => {
		await expect(tracker.updateProgress("a", "nonsense")).rejects.toThrow(
			/^stage: "nonsense" is none; allowed are: queued, /,
		);
		await expect(tracker.updateProgressExplicit("a", "queued", 1.5)).rejects.toThrow("must be an integer");
		await expect(tracker.updateProgressByStatus("a", "nonsense")).rejects.toMatchObject({ code: Code.InvalidArgument });
	});

	test("keeps the order of updates that are made at once", async () => {
		const id = newJob();
		const updates = Array.from({ length: 50 }, (_, index) =>
			tracker.updateProgressIncremental(id, "transcribing", { done: index, total: 50 }),
		);
		const revisions = (await Promise.all(updates)).map((info) => info.revision);
		expect(revisions).toEqual(revisions.map((_, index) => BigInt(index + 1)));
	});

	test("watches a job to its end, through a restart", async () => {
		const id = newJob();
		const seen: string[] = [];
		await tracker.createJob({ jobId: id });
		for await (const info of tracker.watchProgress(id, { every: true })) {
			seen.push(info.status);
			if (info.status === "queued") await tracker.updateProgress(id, "downloading");
			if (info.status === "downloading") {
				await daemon.kill();
				await daemon.start();
				await tracker.updateProgress(id, "completed");
			}
		}
		expect(seen).toEqual(["queued", "downloading", "completed"]);
	});

	test("reports the newest value, seldom, and has the last one acknowledged", async () => {
		const id = newJob();
		const reporter = await tracker.reporter(id, "transcribing", { total: 1000, intervalMs: 20 });
		for (let done = 1; done <= 1000; done++) {
			expect(reporter.tick(done)).toBe(false);
			if (done % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
		}
		reporter.setMessage("all heard");
		const info = await reporter.finish();
		expect(info).toMatchObject({ done: 1000, total: 1000, progress: 50, message: "all heard" });
		expect(info.revision).toBeLessThan(20n);
		expect(info.revision).toBeGreaterThan(2n);
	});

	test("sends what was not acknowledged when the daemon is back", async () => {
		const id = newJob();
		const reporter = await tracker.reporter(id, "transcribing", { total: 10, intervalMs: 10 });
		await daemon.kill();
		reporter.tick(7);
		reporter.setMessage("seven");
		await new Promise((resolve) => setTimeout(resolve, 100));
		const finish = reporter.finish();
		await daemon.start();
		expect(await finish).toMatchObject({ done: 7, message: "seven" });
	});

	test("hears of a wish to cancel while nothing moves", async () => {
		const id = newJob();
		const reporter = await tracker.reporter(id, "transcribing", { total: 10 });
		await tracker.cancelJob(id, "enough");
		await vi.waitFor(() => expect(reporter.tick(0)).toBe(true), { timeout: 5000 });
		expect(reporter.cancelRequested).toBe(true);
		expect(() => reporter.throwIfStopped()).toThrow(JobCancelledError);
		await reporter.stop();
	});

	test("stops a worker whose job another attempt has taken over, and leaves that alone", async () => {
		const id = newJob();
		const items = async function* () {
			for (let item = 0; ; item++) {
				yield item;
				await new Promise((resolve) => setTimeout(resolve, 5));
			}
		};
		const work = (async () => {
			const options = { attempt: 1, total: 1e6, intervalMs: 10 };
			for await (const item of tracker.track(items(), id, "transcribing", options))
				if (item === 3) await tracker.updateProgress(id, "downloading", { attempt: 2 });
		})();
		await expect(work).rejects.toMatchObject({ code: Code.Aborted });
		expect(await tracker.getProgress(id)).toMatchObject({ attempt: 2, state: JobState.ACTIVE });
	});

	test("counts the items of a loop", async () => {
		const id = newJob();
		const seen: string[] = [];
		for await (const item of tracker.track(["a", "b", "c", "d"], id, "analyzing")) seen.push(item);
		expect(seen).toEqual(["a", "b", "c", "d"]);
		expect(await tracker.getProgress(id)).toMatchObject({ done: 4, total: 4, progress: 70 });
		for await (const item of tracker.track([1, 2, 3, 4], newJob(), "analyzing")) if (item === 2) break;
		expect(await tracker.getProgress(`job-${count}`)).toMatchObject({ done: 1, total: 4 });
	});

	test("ends the job as its stage has ended", async () => {
		const broken = newJob();
		const failing = tracker.runStage(broken, "processing", () => Promise.reject(new Error("disk\nfull")));
		await expect(failing).rejects.toThrow("disk");
		expect(await tracker.getProgress(broken)).toMatchObject({ state: JobState.FAILED, error: "disk full" });

		const cancelled = newJob();
		await tracker.updateProgress(cancelled, "processing");
		await tracker.cancelJob(cancelled, "enough");
		const stopping = tracker.runStage(cancelled, "processing", (reporter) => {
			reporter.throwIfStopped();
			return Promise.resolve();
		});
		await expect(stopping).rejects.toThrow("enough");
		expect((await tracker.getProgress(cancelled)).state).toBe(JobState.CANCELLED);

		const good = newJob();
		const result = await tracker.runStage(good, "processing", (reporter) => Promise.resolve(reporter.tick(1)), {
			total: 2,
		});
		expect(result).toBe(false);
		expect(await tracker.getProgress(good)).toMatchObject({ state: JobState.ACTIVE, done: 1 });
	});
});

describe("ProgressTracker", () => {
	test("asks the service to move the bar, for as long as is usual or as it is told", async () => {
		const asked: SimulateProgressRequest[] = [];
		const transport = createRouterTransport(({ service }) => {
			service(ProgressTrackerService, {
				getServerInfo: () => ({ name: "progressd", version: VERSION }),
				simulateProgress: (request) => {
					asked.push(request);
					return { progressInfo: {} };
				},
			});
		});
		const tracker = new ProgressTracker({ transport, writer: "w" });
		await tracker.simulateProgress("job-1", "analyzing");
		await tracker.simulateProgress("job-1", PipelineStage.ANALYZING, 2.5, { message: "thinking" });
		expect(asked[0]).toMatchObject({ jobId: "job-1", stage: PipelineStage.ANALYZING, writer: "w" });
		expect(asked[0]?.expectedDuration).toBeUndefined();
		expect(asked[1]).toMatchObject({ expectedDuration: { seconds: 2n, nanos: 500_000_000 }, message: "thinking" });
		expect(asked[1]?.sequence).toBeGreaterThan(asked[0]!.sequence);
	});

	test("does not talk to a service of another major version", async () => {
		const transport = createRouterTransport(({ service }) => {
			service(ProgressTrackerService, { getServerInfo: () => ({ name: "progressd", version: "99.0.0" }) });
		});
		const error = (await new ProgressTracker({ transport })
			.getProgress("a")
			.catch((reason: unknown) => reason)) as ConnectError;
		expect([error.code, reasonOf(error)]).toEqual([Code.FailedPrecondition, "INCOMPATIBLE_VERSION"]);
	});
});
