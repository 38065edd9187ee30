import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { tokenOfEnvironment } from "../../src/node/token.js";

describe("tokenOfEnvironment", () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "progressd-ts-"));
		for (const name of ["PRG_TOKEN", "PRG_TOKEN_FILE"]) vi.stubEnv(name, undefined);
	});
	afterEach(() => {
		vi.unstubAllEnvs();
		rmSync(folder, { recursive: true });
	});

	test("finds it in the variable, then in the file", () => {
		expect(tokenOfEnvironment()).toBeUndefined();
		writeFileSync(join(folder, "token"), "in-file\nmore\n");
		vi.stubEnv("PRG_TOKEN_FILE", join(folder, "token"));
		expect(tokenOfEnvironment()).toBe("in-file");
		vi.stubEnv("PRG_TOKEN", "in-variable");
		expect(tokenOfEnvironment()).toBe("in-variable");
	});

	test("refuses what is no token, and quotes nothing of it", () => {
		vi.stubEnv("PRG_TOKEN", "two words");
		expect(() => tokenOfEnvironment()).toThrow(/^PRG_TOKEN: holds no token$/);
		vi.stubEnv("PRG_TOKEN", "");
		vi.stubEnv("PRG_TOKEN_FILE", "/nowhere");
		expect(() => tokenOfEnvironment()).toThrow(/^PRG_TOKEN_FILE: cannot read \/nowhere$/);
	});
});
