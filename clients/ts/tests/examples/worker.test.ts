import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

import { ProgressTracker } from "../../src/node/index.js";
import { Daemon, hasDaemon } from "../support/daemon.js";

const WORKER = fileURLToPath(new URL("../../examples/worker.js", import.meta.url));

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
