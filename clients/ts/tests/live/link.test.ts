import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { type ConnectionState, Link } from "../../src/live/link.js";
import { type OpenWatch, QUIET_MS, SILENCE_MS, type WatchAnswer } from "../../src/watch.js";

const ANSWER: WatchAnswer = { events: [], resumeToken: "t1", resync: false };

/** Ends when the link has had enough. */
function untilAborted(signal: AbortSignal): Promise<never> {
	return new Promise((_, reject) => {
		signal.addEventListener("abort", () => reject(signal.reason as Error));
	});
}

async function* answersOnce(_token: string, signal: AbortSignal): AsyncGenerator<WatchAnswer> {
	yield ANSWER;
	await untilAborted(signal);
}

describe("Link", () => {
	beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
	afterEach(() => void vi.useRealTimers());

	function start(open: OpenWatch, poll: () => Promise<void> = () => Promise.resolve()) {
		const seen: ConnectionState[] = [];
		const tokens: string[] = [];
		const begun = vi.fn();
		const link: Link = new Link({
			open: (token, signal) => {
				tokens.push(token);
				return open(token, signal);
			},
			begun,
			answered: () => undefined,
			poll,
			stateChanged: () => seen.push(link.state),
			pollMs: () => 2_000,
		});
		return { link, seen, tokens, begun };
	}

	test("opens a stream that fell silent again, behind what it has heard", async () => {
		const { link, tokens, begun } = start(answersOnce);
		await vi.advanceTimersByTimeAsync(0);
		expect(link.state).toBe("live");
		await vi.advanceTimersByTimeAsync(SILENCE_MS + 1_000);
		expect(tokens).toEqual(["", "t1"]);
		expect(begun).toHaveBeenCalledOnce();
		link.close();
	});

	test("looks at once when it is woken, if the stream has been quiet for too long", async () => {
		const { link, tokens } = start(answersOnce);
		await vi.advanceTimersByTimeAsync(QUIET_MS / 2);
		link.wake();
		await vi.advanceTimersByTimeAsync(0);
		expect(tokens.length).toBe(1);
		await vi.advanceTimersByTimeAsync(QUIET_MS);
		link.wake();
		await vi.advanceTimersByTimeAsync(0);
		expect(tokens).toEqual(["", "t1"]);
		expect(link.state).toBe("live");
		link.close();
	});

	test("asks for what is wanted now when that has changed", async () => {
		const { link, tokens, begun } = start(answersOnce);
		await vi.advanceTimersByTimeAsync(0);
		link.reopen();
		await vi.advanceTimersByTimeAsync(0);
		expect(tokens).toEqual(["", ""]);
		expect(begun).toHaveBeenCalledTimes(2);
		link.close();
	});

	test("polls where streams are blocked, and seldom tries them again", async () => {
		const refuse = async function* (): AsyncGenerator<WatchAnswer> {
			await Promise.resolve();
			throw new ConnectError("a proxy", Code.Unknown);
			yield ANSWER;
		};
		const poll = vi.fn(() => Promise.resolve());
		const { link, tokens, seen } = start(refuse, poll);
		await vi.advanceTimersByTimeAsync(60_000);
		expect(seen).toEqual(["polling"]);
		expect(poll.mock.calls.length).toBeGreaterThan(25);
		expect(tokens.length).toBeLessThan(12);
		link.close();
	});

	test("tries again and again while there is nobody, and says so", async () => {
		let isThere = false;
		const open: OpenWatch = (token, signal) => {
			if (!isThere) throw new ConnectError("fetch failed", Code.Unknown);
			return answersOnce(token, signal);
		};
		const { link, seen } = start(open, () => (isThere ? Promise.resolve() : Promise.reject(new Error("nobody"))));
		await vi.advanceTimersByTimeAsync(60_000);
		expect(seen).toEqual(["offline"]);
		isThere = true;
		await vi.advanceTimersByTimeAsync(2_500);
		expect(link.state).toBe("live");
		link.close();
	});

	test("does nothing any more when it is closed", async () => {
		const { link, tokens, seen } = start(answersOnce);
		await vi.advanceTimersByTimeAsync(0);
		link.close();
		await vi.advanceTimersByTimeAsync(0);
		expect(vi.getTimerCount()).toBe(0);
		expect([tokens.length, seen]).toEqual([1, ["live"]]);
	});
});
