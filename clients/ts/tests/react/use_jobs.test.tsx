// @vitest-environment jsdom
import { act, waitFor } from "@testing-library/react";
import { describe, expect, test } from "vitest";

import { JobState } from "../../src/index.js";
import {
	useJobs,
	type JobsFilter,
	type UseJobsOptions,
	useProgress,
	usePipelineStages,
} from "../../src/react/index.js";
import { FakeService } from "../support/fake.js";
import { renderWith } from "./support.js";

function list(fake: FakeService, filter: JobsFilter = {}, options: UseJobsOptions = {}) {
	// A new filter object at each render, as components have them.
	return renderWith(fake, () => useJobs({ ...filter }, { throttleMs: 0, ...options }));
}

const names = ({ current }: { current: { jobs: readonly { jobId: string }[] } }) =>
	current.jobs.map((job) => job.jobId);

describe("useJobs", () => {
	test("lists the newest first and keeps up with what happens", async () => {
		const fake = new FakeService();
		for (const id of ["a", "b", "c"]) fake.put(id);
		const { result } = list(fake);
		expect(result.current).toMatchObject({ jobs: [], isLoading: true });
		await waitFor(() => expect(result.current.connection).toBe("live"));
		await waitFor(() => expect(names(result)).toEqual(["c", "b", "a"]));
		act(() => {
			fake.put("d");
			fake.delete("b");
			fake.put("a", { progress: 42 });
		});
		await waitFor(() => expect(names(result)).toEqual(["d", "c", "a"]));
		expect(result.current.jobs[2]?.progress).toBe(42);
	});

	test("lets a job go when it does not pass the filter any more", async () => {
		const fake = new FakeService();
		fake.put("a");
		fake.put("b", { state: JobState.SUCCEEDED });
		const { result } = list(fake, { states: [JobState.ACTIVE, JobState.STALLED] });
		await waitFor(() => expect(names(result)).toEqual(["a"]));
		await waitFor(() => expect(result.current.connection).toBe("live"));
		act(() => void fake.put("a", { state: JobState.FAILED }));
		await waitFor(() => expect(names(result)).toEqual([]));
	});

	test("shows older jobs page by page, without holes", async () => {
		const fake = new FakeService();
		for (let index = 0; index < 10; index++) fake.put(`job-${index}`);
		const { result } = list(fake, {}, { pageSize: 3 });
		await waitFor(() => expect(names(result)).toEqual(["job-9", "job-8", "job-7"]));
		await waitFor(() => expect(result.current.connection).toBe("live"));
		expect(result.current.hasMore).toBe(true);
		act(() => void fake.put("job-2", { progress: 5 })); // is older than what is shown
		act(() => void fake.put("job-8", { progress: 5 }));
		await waitFor(() => expect(result.current.jobs[1]?.progress).toBe(5));
		expect(names(result)).toEqual(["job-9", "job-8", "job-7"]);
		act(() => result.current.loadMore());
		await waitFor(() => expect(names(result)).toEqual(["job-9", "job-8", "job-7", "job-6", "job-5", "job-4"]));
		act(() => result.current.loadMore());
		act(() => result.current.loadMore());
		await waitFor(() => expect(result.current).toMatchObject({ hasMore: false, jobs: { length: 10 } }));
	});

	test("does not grow for ever where jobs only end", async () => {
		const fake = new FakeService();
		fake.put("first", { state: JobState.SUCCEEDED });
		const { result } = list(fake, { states: [JobState.SUCCEEDED] }, { pageSize: 10 });
		await waitFor(() => expect(names(result)).toEqual(["first"]));
		await waitFor(() => expect(result.current.connection).toBe("live"));
		act(() => {
			for (let index = 0; index < 1010; index++) fake.put(`job-${index}`, { state: JobState.SUCCEEDED });
		});
		await waitFor(() => expect(result.current).toMatchObject({ hasMore: true, jobs: { length: 10 } }));
		expect(names(result)[0]).toBe("job-1009");
		expect(names(result)).not.toContain("first");
	});

	test("forgets what was deleted while nobody could hear of it", async () => {
		const fake = new FakeService();
		for (const id of ["a", "b"]) fake.put(id);
		const { result } = list(fake);
		await waitFor(() => expect(result.current.connection).toBe("live"));
		fake.jobs.delete("a");
		act(() => fake.breakStreams());
		await waitFor(() => expect(names(result)).toEqual(["b"]), { timeout: 5000 });
	});

	test("shares its connection with the jobs of the page", async () => {
		const fake = new FakeService();
		fake.put("a", { state: JobState.SUCCEEDED });
		fake.put("b");
		const { result } = renderWith(fake, () => {
			const { jobs, connection } = useJobs({ states: [JobState.ACTIVE] }, { throttleMs: 0 });
			const one = useProgress("a");
			return { jobs, connection, one };
		});
		await waitFor(() => expect(result.current.connection).toBe("live"));
		await waitFor(() => expect(names(result)).toEqual(["b"]));
		expect(result.current.one.progressInfo?.jobId).toBe("a");
		expect(fake.mostOpen).toBe(1);
		act(() => void fake.put("a", { message: "posting", state: JobState.ACTIVE }));
		await waitFor(() => expect(names(result)).toEqual(["b", "a"]));
		expect(result.current.one.progressInfo?.message).toBe("posting");
	});
});

describe("usePipelineStages", () => {
	test("shows the schema's table at once, and then the service's", async () => {
		const fake = new FakeService();
		const { result } = renderWith(fake, () => usePipelineStages());
		expect(result.current.stages.map((row) => row.status)).toContain("transcribing");
		await waitFor(() => expect(result.current.stages.map((row) => row.status)).toEqual(["new_one"]));
		expect(result.current).toMatchObject({ isLoading: false, error: null });
	});
});
