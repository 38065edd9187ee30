import { describe, expect, test } from "vitest";

import { pathOfJob, placeOf } from "../src/app/place";

describe("placeOf", () => {
	test("knows the pages", () => {
		expect(["/", "/history", "/overview"].map((path) => placeOf(path).page)).toEqual(["jobs", "history", "overview"]);
		expect(placeOf("/jobs/a.b%3Ac")).toEqual({ page: "job", jobId: "a.b:c" });
	});

	test.each(["/jobs", "/jobs/", "/jobs/a/b", "/history/", "/jobs/%", "/index.html"])("%s is nowhere", (path) =>
		expect(placeOf(path)).toEqual({ page: "nowhere" }),
	);

	test.each(["clip-1", "a:b.c_d-e", "<script>", "ü/%"])("finds the job %s at its own path", (jobId) =>
		expect(placeOf(pathOfJob(jobId))).toEqual({ page: "job", jobId }),
	);
});
