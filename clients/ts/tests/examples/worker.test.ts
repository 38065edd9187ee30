import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

import { VERSION } from "../../src/gen/version.js";
import { ProgressTracker } from "../../src/node/index.js";
import { Daemon, hasDaemon, PROGRAM } from "../support/daemon.js";

const WORKER = fileURLToPath(new URL("../../examples/worker.js", import.meta.url));

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
/** What the README leaves to its reader. */
const READER = `
const seconds = [1, 2, 3];
const transcribe = async () => undefined;
const upload = async (report) => report(1024);
`;

describe.skipIf(!hasDaemon)("the package", () => {
	test("has the version of the daemon", async () => {
		const { stdout } = await promisify(execFile)(PROGRAM, ["--version"]);
		const { version } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as { version: string };
		expect(stdout.trim().split(" ")).toContain(VERSION);
		expect(version).toBe(VERSION);
	});

	test("has a worker in its README that works", async () => {
		const daemon = await Daemon.start();
		const text = readFileSync(join(PACKAGE, "README.md"), "utf8");
		const code = /## Node workers\n\n```js\n([^]*?)```/.exec(text)?.[1] ?? expect.unreachable("there is none");
		const options = { cwd: PACKAGE, env: { ...process.env, PRG_SERVER: daemon.tcp } };
		const { stderr } = await promisify(execFile)(
			process.execPath,
			["--input-type=module", "-e", READER + code],
			options,
		);
		expect(stderr).toBe("");
		const tracker = new ProgressTracker(daemon.ipc);
		expect((await tracker.getProgress("job-1")).status).toBe("completed");
		tracker.close();
		await daemon.stop();
	});
});

describe.skipIf(!hasDaemon)("the worker of ten lines", () => {
	test("does its job and ends by itself", async () => {
		const daemon = await Daemon.start();
		const tracker = new ProgressTracker(daemon.tcp);
		const seen: string[] = [];
		const watching = (async () => {
			for await (const info of tracker.watchProgress("job-7", { waitForCreation: true, every: true }))
				if (seen.at(-1) !== info.status) seen.push(info.status);
		})();
		const env = { ...process.env, PRG_SERVER: daemon.ipc };
		const { stdout } = await promisify(execFile)(process.execPath, [WORKER, "job-7"], { env });
		await watching;
		expect(stdout).toBe("job-7: Completed, 100 %\n");
		expect(seen).toEqual(["downloading", "processing", "completed"]);
		tracker.close();
		await daemon.stop();
	});
});
