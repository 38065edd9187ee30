import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";

import { type ProgressInfo, ProgressInfoSchema } from "../../src/index.js";
import { isNews } from "../../src/watch.js";

const known = { revision: 5n, fraction: 0.3, timeFraction: 0.4, createTime: timestampFromMs(1000) };
const infoWith = (fields: Partial<Omit<ProgressInfo, "$typeName" | "$unknown">> = {}) =>
	create(ProgressInfoSchema, { ...known, ...fields });

describe("isNews", () => {
	test.each([
		["the same", {}, false],
		["an older revision", { revision: 4n, fraction: 0.9 }, false],
		["a newer revision", { revision: 6n, fraction: 0 }, true],
		["the same revision further on", { fraction: 0.31 }, true],
		["the same revision later", { timeFraction: 0.41 }, true],
		["the same revision from before", { fraction: 0.29 }, false],
		[
			"the same revision with another estimate",
			{ eta: { $typeName: "progress.v1.Eta" as const, seconds: 7, loSeconds: 0, hiSeconds: 9 } },
			true,
		],
		["a job that was made anew", { revision: 1n, fraction: 0, createTime: timestampFromMs(2000) }, true],
	])("of %s", (_what, fields, expected) => {
		expect(isNews(infoWith(fields), infoWith())).toBe(expected);
	});

	test("is everything for those who know nothing", () => {
		expect(isNews(infoWith(), undefined)).toBe(true);
	});
});
