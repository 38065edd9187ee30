// @vitest-environment jsdom
import { act, waitFor } from "@testing-library/react";
import { describe, expect, test, vi } from "vitest";

import { Code, ConnectError } from "@connectrpc/connect";
import { JobState, type ProgressInfo } from "../../src/index.js";
import { JobFailedError, useProgress, type UseProgressOptions } from "../../src/react/index.js";
import { FakeService } from "../support/fake.js";
import { renderWith } from "./support.js";

function follow(fake: FakeService, jobId: string | null, options: UseProgressOptions = {}) {
	return renderWith(fake, (id: string | null) => useProgress(id, options), jobId);
}

describe("useProgress", () => {
	test("shows the present state first, and then what is pushed", async () => {
		const fake = new FakeService();
		fake.put("job-1", { progress: 25, status: "transcribing" });
		const { result } = follow(fake, "job-1");
		expect(result.current).toMatchObject({
			progressInfo: null,
			error: null,
			isLoading: true,
			connection: "connecting",
		});
		await waitFor(() => expect(result.current.connection).toBe("live"));
		expect(result.current).toMatchObject({ isLoading: false, progressInfo: { status: "transcribing", progress: 25 } });
		act(() => void fake.put("job-1", { progress: 30 }));
		await waitFor(() => expect(result.current.progressInfo?.progress).toBe(30));
		expect(fake.calls["getProgress"]).toBe(1);
	});

	test("calls onComplete exactly once, whatever is mounted, repeated or lost", async () => {
		const fake = new FakeService();
		fake.put("job-1");
		const onComplete = vi.fn();
		const { result } = follow(fake, "job-1", { onComplete });
		await waitFor(() => expect(result.current.connection).toBe("live"));
		act(() => void fake.put("job-1", { progress: 100, state: JobState.SUCCEEDED }));
		await waitFor(() => expect(onComplete).toHaveBeenCalledOnce());
		act(() => fake.breakStreams());
		await waitFor(() => expect(fake.calls["watchJobs"]).toBeGreaterThan(1));
		await waitFor(() => expect(result.current.connection).toBe("live"));
		act(() => void fake.put("job-1", { message: "again", state: JobState.SUCCEEDED }));
		await waitFor(() => expect(result.current.progressInfo?.message).toBe("again"));
		expect(onComplete).toHaveBeenCalledOnce();
	});

	test("calls onComplete for a job that had ended before, and again for the end of another run", async () => {
		const fake = new FakeService();
		fake.put("job-1", { state: JobState.SUCCEEDED });
		const onComplete = vi.fn<(info: ProgressInfo) => void>();
		follow(fake, "job-1", { onComplete });
		await waitFor(() => expect(onComplete).toHaveBeenCalledOnce());
		act(() => void fake.put("job-1", { state: JobState.ACTIVE, run: 2 }));
		act(() => void fake.put("job-1", { state: JobState.SUCCEEDED, run: 2 }));
		await waitFor(() => expect(onComplete).toHaveBeenCalledTimes(2));
		expect(onComplete.mock.calls.map(([info]) => info.run)).toEqual([1, 2]);
	});

	test("says why a job has failed", async () => {
		const fake = new FakeService();
		fake.put("job-1");
		const onError = vi.fn<(error: Error) => void>();
		const { result } = follow(fake, "job-1", { onError });
		act(() => void fake.put("job-1", { state: JobState.FAILED, error: "disk full" }));
		await waitFor(() => expect(result.current.error).toBe("disk full"));
		expect(onError).toHaveBeenCalledOnce();
		expect(onError.mock.calls[0]?.[0]).toBeInstanceOf(JobFailedError);
		expect(result.current.progressInfo?.state).toBe(JobState.FAILED);
	});

	test("says that there is no such job, and shows it when it is created", async () => {
		const fake = new FakeService();
		const onError = vi.fn();
		const { result } = follow(fake, "job-1", { onError });
		await waitFor(() => expect(result.current.error).toBe("job_id: there is no job job-1"));
		expect(result.current).toMatchObject({ isLoading: false, progressInfo: null });
		act(() => void fake.put("job-1", { progress: 5 }));
		await waitFor(() => expect(result.current).toMatchObject({ error: null, progressInfo: { progress: 5 } }));
		expect(onError).toHaveBeenCalledOnce();
	});

	test("goes on after a restart of the service, and hides nothing and invents nothing in between", async () => {
		const fake = new FakeService();
		fake.put("job-1", { progress: 50 });
		const seen: number[] = [];
		const { result } = follow(fake, "job-1", { onChange: (info) => seen.push(info.progress), pollInterval: 20 });
		await waitFor(() => expect(result.current.connection).toBe("live"));
		act(() => {
			fake.failure = new ConnectError("gone", Code.Unavailable);
			fake.breakStreams();
		});
		await waitFor(() => expect(result.current.connection).toBe("offline"));
		expect(result.current).toMatchObject({ error: null, isLoading: false, progressInfo: { progress: 50 } });
		fake.put("job-1", { progress: 60 });
		fake.failure = undefined;
		await waitFor(() => expect(result.current.connection).toBe("live"), { timeout: 5000 });
		await waitFor(() => expect(result.current.progressInfo?.progress).toBe(60));
		expect(seen).toEqual([50, 60]);
	});

	test("asks from time to time where streams are blocked", async () => {
		const fake = new FakeService();
		fake.areStreamsBlocked = true;
		fake.put("job-1", { progress: 10 });
		const onComplete = vi.fn();
		const { result } = follow(fake, "job-1", { pollInterval: 20, onComplete });
		await waitFor(() => expect(result.current.connection).toBe("polling"));
		act(() => void fake.put("job-1", { progress: 20 }));
		await waitFor(() => expect(result.current.progressInfo?.progress).toBe(20));
		act(() => void fake.put("job-1", { progress: 100, state: JobState.SUCCEEDED }));
		await waitFor(() => expect(onComplete).toHaveBeenCalledOnce());
	});

	test("shares one connection with all others of the page", async () => {
		const fake = new FakeService();
		const ids = Array.from({ length: 30 }, (_, index) => `job-${index}`);
		for (const id of ids) fake.put(id);
		const { result } = renderWith(fake, () => [...ids, ...ids].map((id) => useProgress(id)));
		await waitFor(() => expect(result.current.every(({ connection }) => connection === "live")).toBe(true));
		expect(fake.mostOpen).toBe(1);
		expect(new Set(fake.filters.at(-1)?.jobIds)).toEqual(new Set(ids));
		act(() => void fake.put("job-7", { progress: 77 }));
		await waitFor(() => expect(result.current[7]?.progressInfo?.progress).toBe(77));
		expect(result.current[37]?.progressInfo).toBe(result.current[7]?.progressInfo);
		expect(fake.calls["getProgress"]).toBe(ids.length);
	});

	test("leaves nothing behind", async () => {
		const fake = new FakeService();
		fake.put("job-1");
		const onChange = vi.fn();
		const { result, unmount } = follow(fake, "job-1", { onChange, pollInterval: 20 });
		await waitFor(() => expect(result.current.connection).toBe("live"));
		unmount();
		onChange.mockClear();
		fake.put("job-1", { progress: 99 });
		await vi.waitFor(() => expect(fake.open).toBe(0), { timeout: 5000 });
		const calls = { ...fake.calls };
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(fake.calls).toEqual(calls);
		expect(onChange).not.toHaveBeenCalled();
	});

	test("follows another job when it is given one", async () => {
		const fake = new FakeService();
		fake.put("job-1", { progress: 1 });
		fake.put("job-2", { progress: 2 });
		const { result, rerender } = follow(fake, "job-1");
		await waitFor(() => expect(result.current.progressInfo?.progress).toBe(1));
		rerender("job-2");
		expect(result.current).toMatchObject({ progressInfo: null, isLoading: true });
		await waitFor(() => expect(result.current.progressInfo?.progress).toBe(2));
		act(() => void fake.put("job-2", { progress: 3 }));
		await waitFor(() => expect(result.current.progressInfo?.progress).toBe(3));
		rerender(null);
		expect(result.current).toMatchObject({ progressInfo: null, isLoading: false, error: null });
	});

	test("shows at most one change in throttleMs, and the end at once", async () => {
		const fake = new FakeService();
		fake.put("job-1");
		const seen: number[] = [];
		const { result } = follow(fake, "job-1", { throttleMs: 60_000, onChange: (info) => seen.push(info.progress) });
		await waitFor(() => expect(result.current.connection).toBe("live"));
		for (let progress = 1; progress <= 50; progress++) fake.put("job-1", { progress });
		await new Promise((resolve) => setTimeout(resolve, 30));
		act(() => void fake.put("job-1", { progress: 100, state: JobState.SUCCEEDED }));
		await waitFor(() => expect(result.current.progressInfo?.progress).toBe(100));
		expect(seen).toEqual([0, 100]);
	});
});
