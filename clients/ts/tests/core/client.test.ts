import { describe, expect, test, vi } from "vitest";

import { createProgressClient, type ProgressEvent, watchJob, watchJobs, JobState, EventKind } from "../../src/index.js";
import { FakeService } from "../support/fake.js";

describe("createProgressClient", () => {
	test("sends its token with every call", async () => {
		const fake = new FakeService();
		fake.put("job-1");
		let count = 0;
		const tokens = ["secret", () => Promise.resolve(`fresh-${++count}`), () => undefined];
		for (const token of tokens)
			await createProgressClient({ transport: fake.transport, token }).getProgress({ jobId: "job-1" });
		await createProgressClient({ transport: fake.transport, token: "x" }).getProgress(
			{ jobId: "job-1" },
			{ headers: { Authorization: "Bearer own" } },
		);
		expect(fake.authorizations).toEqual(["Bearer secret", "Bearer fresh-1", null, "Bearer own"]);
	});
});

describe("watchJob", () => {
	async function next(watch: AsyncGenerator<ProgressEvent, void>) {
		const { value } = await watch.next();
		return value === undefined ? undefined : [value.progressInfo?.progress, value.kind];
	}

	test("begins with the present state, shows each change once, and ends with the job", async () => {
		const fake = new FakeService();
		fake.put("job-1", { progress: 5 });
		const watch = watchJob(fake.client, "job-1");
		expect(await next(watch)).toEqual([5, EventKind.SNAPSHOT]);
		fake.put("job-1", { progress: 7 });
		expect(await next(watch)).toEqual([7, EventKind.UPDATED]);
		fake.breakStreams(); // the new snapshot says nothing new
		fake.put("job-1", { progress: 9 });
		expect((await next(watch))?.[0]).toBe(9);
		fake.put("job-1", { progress: 100, state: JobState.SUCCEEDED });
		expect((await next(watch))?.[0]).toBe(100);
		expect(await next(watch)).toBeUndefined();
		await vi.waitFor(() => expect(fake.open).toBe(0));
	});

	test("ends with the deletion of the job", async () => {
		const fake = new FakeService();
		fake.put("job-1");
		const watch = watchJob(fake.client, "job-1");
		await next(watch);
		fake.delete("job-1");
		expect((await next(watch))?.[1]).toBe(EventKind.DELETED);
		expect(await next(watch)).toBeUndefined();
	});

	test("does not wait for what does not pass by itself", async () => {
		const fake = new FakeService();
		await expect(watchJob(fake.client, "nothing").next()).rejects.toThrow("there is no job nothing");
	});

	test("ends in good order when its signal is aborted", async () => {
		const fake = new FakeService();
		fake.put("job-1");
		const controller = new AbortController();
		const watch = watchJob(fake.client, "job-1", { signal: controller.signal });
		await next(watch);
		const end = watch.next();
		controller.abort();
		expect((await end).done).toBe(true);
		await vi.waitFor(() => expect(fake.open).toBe(0));
	});
});

describe("watchJobs", () => {
	test("goes on behind its token, and says when it could not", async () => {
		const fake = new FakeService();
		fake.put("job-1");
		const first = watchJobs(fake.client);
		const { value } = await first.next();
		await first.return();
		fake.put("job-2");
		const second = watchJobs(fake.client, {}, { resumeToken: value!.resumeToken });
		const answer = (await second.next()).value!;
		expect(answer.events.map((event) => event.progressInfo?.jobId)).toEqual(["job-2"]);
		expect(answer.resync).toBe(false);
		const later = second.next();
		fake.breakStreams();
		expect((await later).value?.resync).toBe(true);
		await second.return();
	});
});
