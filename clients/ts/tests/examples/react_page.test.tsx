// @vitest-environment jsdom
import { act, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { VideoProcessing } from "../../examples/react_page.js";
import { JobState } from "../../src/index.js";
import { wrapperOf } from "../react/support.js";
import { FakeService } from "../support/fake.js";

test("the page of ten lines follows a job to its end", async () => {
	const fake = new FakeService();
	const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
	fake.put("job-1", { label: "Transcribing audio", progress: 30, fraction: 0.3 });
	render(<VideoProcessing jobId="job-1" />, { wrapper: wrapperOf(fake) });
	expect(screen.getByText("Loading…")).toBeDefined();
	await screen.findByText("30 % complete");
	expect(screen.getByRole("progressbar").ariaValueNow).toBe("30");
	act(() => void fake.put("job-1", { state: JobState.SUCCEEDED, label: "Completed", progress: 100, fraction: 1 }));
	await screen.findByText("100 % complete");
	expect(log).toHaveBeenCalledOnce();
});
