/** The browser's client, and the hub beneath the hooks, against a real daemon over HTTP. */
import { Code, ConnectError } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import {
	createProgressClient,
	EventKind,
	getStages,
	JobState,
	PipelineStage,
	type ProgressClient,
	watchJob,
	watchJobs,
} from "../../src/index.js";
import { Hub } from "../../src/live/hub.js";
import { Daemon, freePort, hasHttp } from "../support/daemon.js";

const RECOVERY = { timeout: 5_000 };

describe.skipIf(!hasHttp)("over HTTP", () => {
	let daemon: Daemon;
	let baseUrl: string;
	let client: ProgressClient;
	let jobId: string;
	let count = 0;
	beforeAll(async () => {
		const place = `127.0.0.1:${await freePort()}`;
		daemon = await Daemon.start("--http", place);
		baseUrl = `http://${place}`;
		client = createProgressClient({ baseUrl });
	});
	afterAll(() => daemon.stop());
	beforeEach(async () => {
		jobId = `job-${++count}`;
		await client.createJob({ jobId, metadata: { title: "<b>&\"'" } });
	});

	test.each([true, false])("calls go well (as protobuf: %s)", async (useBinaryFormat) => {
		const own = createProgressClient({ transport: createConnectTransport({ baseUrl, useBinaryFormat }) });
		await own.updateProgress({ jobId, stage: PipelineStage.DOWNLOADING, message: "½ done" });
		const { progressInfo } = await own.getProgress({ jobId });
		expect(progressInfo).toMatchObject({ progress: 5, message: "½ done", metadata: { title: "<b>&\"'" } });
		const error = ConnectError.from(await own.getProgress({ jobId: "nothing" }).catch((reason: unknown) => reason));
		expect([error.code, error.rawMessage]).toEqual([Code.NotFound, "job_id: there is no job nothing"]);
	});

	test("the service has the stages that the package has", async () => {
		expect((await client.getAllStages({})).stages).toEqual(getStages());
	});

	test.each([true, false])(
		"a watch tells each change, through a restart (as protobuf: %s)",
		async (useBinaryFormat) => {
			const own = createProgressClient({ transport: createConnectTransport({ baseUrl, useBinaryFormat }) });
			const seen: (number | undefined)[] = [];
			for await (const { progressInfo } of watchJob(own, jobId)) {
				seen.push(progressInfo?.progress);
				if (seen.length === 1) await client.updateProgress({ jobId, stage: PipelineStage.DOWNLOADING });
				if (seen.length === 2) {
					await daemon.kill();
					await daemon.start();
					await client.updateProgress({ jobId, stage: PipelineStage.DOWNLOADED });
				}
				if (seen.length === 3) await client.updateProgress({ jobId, stage: PipelineStage.COMPLETED });
			}
			expect(seen).toEqual([0, 5, 15, 100]);
		},
	);

	test("a watch of many begins with a snapshot, and ends when it is told to", async () => {
		const controller = new AbortController();
		const kinds: EventKind[] = [];
		const watch = watchJobs(client, { jobIdPrefix: jobId }, { signal: controller.signal });
		for await (const { events } of watch) {
			kinds.push(...events.map((event) => event.kind));
			if (kinds.length === 1) await client.cancelJob({ jobId });
			else controller.abort();
		}
		expect(kinds).toEqual([EventKind.SNAPSHOT, EventKind.UPDATED]);
	});

	describe("the hub", () => {
		test("begins at once, also when none of its jobs exists", async () => {
			const hub = new Hub(client);
			const cell = hub.job("not-yet");
			const stop = hub.listen(cell, () => undefined);
			await vi.waitFor(() => expect(hub.connection).toBe("live"), RECOVERY);
			expect(cell.snapshot.error?.code).toBe(Code.NotFound);
			await client.createJob({ jobId: "not-yet" });
			await vi.waitFor(() => expect(cell.snapshot.info?.status).toBe("queued"), RECOVERY);
			stop();
		});

		test("shows jobs and lists, recovers from a restart, and never goes back", async () => {
			const hub = new Hub(client);
			const seen: number[] = [];
			const cell = hub.job(jobId);
			const list = hub.list("active", { states: [JobState.ACTIVE] }, 1000);
			const stops = [
				hub.listen(cell, () => seen.push(cell.snapshot.info?.progress ?? -1), 100),
				hub.listen(list, () => undefined, 100),
			];
			await vi.waitFor(() => expect(hub.connection).toBe("live"), RECOVERY);
			await vi.waitFor(() => expect(list.snapshot.jobs.map((job) => job.jobId)).toContain(jobId), RECOVERY);
			await client.updateProgress({ jobId, stage: PipelineStage.TRANSCRIBING });
			await vi.waitFor(() => expect(cell.snapshot.info?.progress).toBe(25), RECOVERY);

			await daemon.kill();
			await vi.waitFor(() => expect(hub.connection).toBe("offline"), RECOVERY);
			expect(cell.snapshot).toMatchObject({ info: { progress: 25 }, error: undefined });
			await daemon.start();
			await client.updateProgress({ jobId, stage: PipelineStage.COMPLETED });
			await vi.waitFor(() => expect(hub.connection).toBe("live"), RECOVERY);
			await vi.waitFor(() => expect(cell.snapshot.info?.progress).toBe(100), RECOVERY);
			await vi.waitFor(() => expect(list.snapshot.jobs.map((job) => job.jobId)).not.toContain(jobId), RECOVERY);
			expect(seen).toEqual([...seen].sort((one, other) => one - other));
			for (const stop of stops) stop();
		});
	});
});
