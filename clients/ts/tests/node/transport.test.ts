/** The transport against a real daemon, over unix sockets and tcp. */
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import {
	createNodeTransport,
	createProgressClient,
	EventKind,
	type NodeTransport,
	type NodeTransportOptions,
	PipelineStage,
	reasonOf,
} from "../../src/node/index.js";
import { Daemon, freePort, hasDaemon } from "../support/daemon.js";

const open: NodeTransport[] = [];
afterEach(() => {
	for (const transport of open.splice(0)) transport.close();
});

function connect(server: string, options: NodeTransportOptions = {}) {
	const transport = createNodeTransport({ server, ...options });
	open.push(transport);
	return { transport, client: createProgressClient({ transport }) };
}

async function failure(promise: Promise<unknown>): Promise<ConnectError> {
	return promise.then(
		() => expect.unreachable("it should have failed"),
		(error: unknown) => error as ConnectError,
	);
}

describe.skipIf(!hasDaemon).each(["ipc", "tcp"] as const)("createNodeTransport over %s", (door) => {
	let daemon: Daemon;
	let count = 0;
	const newJob = () => `job-${door}-${++count}`;
	beforeAll(async () => {
		daemon = await Daemon.start();
	});
	afterAll(() => daemon.stop());

	test("makes calls, and says what an acknowledgement is worth", async () => {
		const { client } = connect(daemon[door]);
		const jobId = newJob();
		let durability: string | null = null;
		await client.updateProgress(
			{ jobId, stage: PipelineStage.DOWNLOADING, metadata: { video_id: "v" } },
			{ onHeader: (header) => (durability = header.get("progress-durability")) },
		);
		const { progressInfo } = await client.getProgress({ jobId });
		expect(progressInfo).toMatchObject({ jobId, status: "downloading", progress: 5, metadata: { video_id: "v" } });
		expect(durability).toBe("SYNCED");
	});

	test("gives errors with their code, text and reason", async () => {
		const { client } = connect(daemon[door]);
		const error = await failure(client.getProgress({ jobId: "nothing" }));
		expect([error.code, error.rawMessage, reasonOf(error)]).toEqual([
			Code.NotFound,
			"job_id: there is no job nothing",
			"JOB_NOT_FOUND",
		]);
		expect((await failure(client.getProgress({ jobId: "-" }))).code).toBe(Code.InvalidArgument);
	});

	test("does not send what is too large", async () => {
		const { client } = connect(daemon[door]);
		const error = await failure(client.cancelJob({ jobId: "a", reason: "x".repeat(1 << 20) }));
		expect([error.code, reasonOf(error)]).toEqual([Code.ResourceExhausted, "REQUEST_TOO_LARGE"]);
	});

	test("has many calls under way at once, answered in any order", async () => {
		const { client } = connect(daemon[door]);
		const waiting = newJob();
		const wait = client.waitProgress({ jobId: waiting, waitForCreation: true });
		const jobs = Array.from({ length: 200 }, newJob);
		await Promise.all(jobs.map((jobId) => client.createJob({ jobId })));
		const states = await Promise.all(jobs.map((jobId) => client.getProgress({ jobId })));
		expect(states.map(({ progressInfo }) => progressInfo?.jobId)).toEqual(jobs);
		await client.createJob({ jobId: waiting });
		expect((await wait).progressInfo?.jobId).toBe(waiting);
	});

	test("gives up at the deadline, and when it is told to", async () => {
		const { client } = connect(daemon[door]);
		const jobId = newJob();
		await client.createJob({ jobId });
		const request = { jobId, afterRevision: 1n, timeout: durationFromMs(60_000) };
		expect((await failure(client.waitProgress(request, { timeoutMs: 50 }))).code).toBe(Code.DeadlineExceeded);
		const controller = new AbortController();
		const call = failure(client.waitProgress(request, { signal: controller.signal }));
		controller.abort();
		expect((await call).code).toBe(Code.Canceled);
		expect((await client.getProgress({ jobId })).progressInfo?.jobId).toBe(jobId);
	});

	test("says that the daemon does not answer, and takes the next answer when it does again", async () => {
		const { client } = connect(daemon[door]);
		const jobId = newJob();
		await client.createJob({ jobId });
		await daemon.frozen(async () => {
			const error = await failure(client.getProgress({ jobId }, { timeoutMs: 100 }));
			expect([error.code, reasonOf(error)]).toEqual([Code.DeadlineExceeded, "DEADLINE_EXCEEDED"]);
		});
		expect((await client.getProgress({ jobId })).progressInfo?.jobId).toBe(jobId);
	});

	test("waits for a daemon that is being restarted; a repeated update has one effect", async () => {
		const { client } = connect(daemon[door]);
		const jobId = newJob();
		await client.createJob({ jobId });
		await daemon.kill();
		const update = client.updateProgress({ jobId, stage: PipelineStage.DOWNLOADING, writer: "w", sequence: 1n });
		await daemon.start();
		expect((await update).progressInfo?.revision).toBe(2n);
	});

	test("a wait outlives a restart", async () => {
		const { client } = connect(daemon[door]);
		const jobId = newJob();
		await client.createJob({ jobId });
		const wait = client.waitProgress({ jobId, afterRevision: 1n });
		await client.getProgress({ jobId }); // the wait is with the daemon
		await daemon.kill();
		await daemon.start();
		await client.updateProgress({ jobId, stage: PipelineStage.DOWNLOADING });
		expect((await wait).progressInfo?.status).toBe("downloading");
	});

	test("streams go on through restarts, and miss nothing", async () => {
		const { client } = connect(daemon[door]);
		const jobId = newJob();
		await client.createJob({ jobId });
		const seen: (number | undefined)[] = [];
		const kinds: EventKind[] = [];
		for await (const { events } of client.watchProgress({ jobId })) {
			for (const { progressInfo, kind } of events) {
				seen.push(progressInfo?.progress);
				kinds.push(kind);
			}
			const last = seen.at(-1) ?? 0;
			if (last === 8) {
				await daemon.kill();
				await daemon.start();
			}
			if (last === 12) break;
			const update = { jobId, stage: PipelineStage.DOWNLOADING, progress: Math.max(5, last) + 1 };
			await client.updateProgressExplicit(update);
		}
		expect(seen).toEqual([0, 6, 7, 8, 9, 10, 11, 12]);
		expect(kinds[0]).toBe(EventKind.SNAPSHOT);
	});

	test("a stream has its own deadline, and ends when it is told to", async () => {
		const { client } = connect(daemon[door]);
		const jobId = newJob();
		await client.createJob({ jobId });
		const read = async (
			options: { timeoutMs?: number; signal?: AbortSignal },
			onEvents: () => void = () => undefined,
		) => {
			for await (const { events } of client.watchProgress({ jobId }, options)) if (events.length > 0) onEvents();
		};
		expect((await failure(read({ timeoutMs: 100 }))).code).toBe(Code.DeadlineExceeded);
		const controller = new AbortController();
		const reading = failure(read({ signal: controller.signal }, () => controller.abort()));
		expect((await reading).code).toBe(Code.Canceled);
		expect((await failure(client.watchProgress({ jobId: "nothing" })[Symbol.asyncIterator]().next())).code).toBe(
			Code.NotFound,
		);
	});

	test("ends what is under way when it is closed", async () => {
		const { client, transport } = connect(daemon[door]);
		const jobId = newJob();
		await client.createJob({ jobId });
		const wait = failure(client.waitProgress({ jobId, afterRevision: 1n }));
		await client.getProgress({ jobId });
		transport.close();
		expect((await wait).code).toBe(Code.Canceled);
		expect((await failure(client.getProgress({ jobId }))).code).toBe(Code.Canceled);
	});
});

describe("createNodeTransport", () => {
	/** A peer that is no progressd. */
	async function peer(serve: (socket: Socket) => void): Promise<{ url: string; server: Server }> {
		const server = createServer(serve).listen(0, "127.0.0.1");
		await once(server, "listening");
		const { port } = server.address() as { port: number };
		return { url: `tcp://127.0.0.1:${port}`, server };
	}

	test("says that there is nobody, at once if it is told to fail fast", async () => {
		const url = `tcp://127.0.0.1:${await freePort()}`;
		const fast = await failure(connect(url, { failFast: true, timeoutMs: 0 }).client.getServerInfo({}));
		const slow = await failure(connect(url, { timeoutMs: 100 }).client.getServerInfo({}));
		for (const error of [fast, slow]) {
			expect([error.code, reasonOf(error)]).toEqual([Code.Unavailable, "UNREACHABLE"]);
			expect(error.rawMessage).toBe(`cannot reach progressd at ${url}`);
		}
	});

	test("does not take a stranger for a progressd", async () => {
		const { url, server } = await peer((socket) =>
			socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"),
		);
		const error = await failure(connect(url, { failFast: true }).client.getServerInfo({}));
		expect(error.code).toBe(Code.Unavailable);
		server.close();
	});

	test("asks a peer that drops each call again, but not in a busy loop", async () => {
		let calls = 0;
		const { url, server } = await peer((socket) => {
			socket.on("error", () => undefined).write(Buffer.from("0053500000310000", "hex"));
			let bytes = 0;
			socket.on("data", (chunk) => {
				bytes += chunk.length;
				if (bytes > 8 && ++calls) socket.destroy();
			});
		});
		const error = await failure(connect(url, { timeoutMs: 700 }).client.getServerInfo({}));
		expect([Code.Unavailable, Code.DeadlineExceeded]).toContain(error.code);
		expect(calls).toBeGreaterThan(1);
		expect(calls).toBeLessThan(12);
		server.close();
	});

	test("sends its token with every call", async () => {
		const got: Buffer[] = [];
		const { url, server } = await peer((socket) => {
			socket.on("error", () => undefined).write(Buffer.from("0053500000310000", "hex"));
			socket.on("data", (chunk) => got.push(chunk));
		});
		await failure(connect(url, { token: "secret", timeoutMs: 100 }).client.getServerInfo({}));
		expect(Buffer.concat(got).toString("latin1")).toContain("Bearer secret");
		server.close();
	});
});
