import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { chooseAddress } from "../../src/node/address.js";

describe("chooseAddress", () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "progressd-ts-"));
		for (const name of ["PRG_SERVER", "RUNTIME_DIRECTORY"]) vi.stubEnv(name, undefined);
		vi.stubEnv("XDG_RUNTIME_DIR", folder);
	});
	afterEach(() => {
		vi.unstubAllEnvs();
		rmSync(folder, { recursive: true });
	});

	test("takes ipc and tcp addresses", () => {
		expect(chooseAddress("ipc:///run/x.sock")).toMatchObject({ isIpc: true, connect: { path: "/run/x.sock" } });
		expect(chooseAddress("tcp://example:7070").connect).toEqual({ host: "example", port: 7070 });
		expect(chooseAddress("tcp://[::1]:1").connect).toEqual({ host: "::1", port: 1 });
	});

	test.each(["http://x:1", "tcp://x", "tcp://x:0", "tcp://x:65536", "ipc://", `ipc:///${"x".repeat(107)}`])(
		"refuses %s",
		(url) => {
			expect(() => chooseAddress(url)).toThrow(/^server: ".*" is no address; allowed are/);
		},
	);

	test("prefers what it is given, then the environment, then a socket that is there", async () => {
		mkdirSync(join(folder, "progressd"));
		const server = createServer().listen(join(folder, "progressd/rpc.sock"));
		await once(server, "listening");
		expect(chooseAddress().url).toBe(`ipc://${folder}/progressd/rpc.sock`);
		vi.stubEnv("PRG_SERVER", "tcp://other:1");
		expect(chooseAddress("").url).toBe("tcp://other:1");
		expect(chooseAddress("tcp://given:1").url).toBe("tcp://given:1");
		vi.stubEnv("PRG_SERVER", "nonsense");
		expect(() => chooseAddress()).toThrow(/^PRG_SERVER: "nonsense"/);
		server.close();
	});
});
