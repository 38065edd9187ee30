/**
 * A stream of the service is one long poll after the other, each going on where the answer before has ended. An answer that was
 * lost is asked for again with the same token, so nothing is missed and nothing comes twice; a token that is too old gives a
 * snapshot with `resync`. Answers without news are not passed on.
 */
import { type DescMessage, type DescMethodStreaming, type Message, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

import { reasonError, waitOf } from "./call.js";

/** What the requests and answers of all watches have in common. */
interface WatchFields {
	resumeToken: string;
	events?: readonly Message[];
	resync?: boolean;
}

export class Polls<I extends DescMessage, O extends DescMessage> {
	/** After an answer without news, so that a service that never waits is not asked in a busy loop. */
	readonly pauseMs = 50;
	readonly #deadline: number;
	#request: MessageShape<I>;
	#isFirst = true;

	constructor(
		private readonly method: DescMethodStreaming<I, O>,
		request: MessageShape<I>,
		timeoutMs: number,
	) {
		if (method.methodKind !== "server_streaming" || method.input.field["resumeToken"] === undefined)
			throw reasonError(
				Code.Unimplemented,
				"NOT_RESUMABLE",
				`${method.name}: only streams that go on by a resume_token can be carried`,
			);
		this.#request = request;
		this.#deadline = performance.now() + timeoutMs;
	}

	/** Milliseconds until the stream's deadline. */
	timeLeft(): number {
		return Math.max(1, this.#deadline - performance.now());
	}

	/** How long a poll may wait at the service. */
	wait(): number {
		return waitOf(this.method, this.#request);
	}

	/** Of the next poll. */
	request(): MessageShape<I> {
		return this.#request;
	}

	/** Goes on behind this answer; whether it has news. */
	take(answer: MessageShape<O>): boolean {
		const { resumeToken, events = [], resync = false } = answer as unknown as WatchFields;
		this.#request = { ...this.#request, resumeToken };
		const hasNews = this.#isFirst || events.length > 0 || resync;
		this.#isFirst = false;
		return hasNews;
	}

	/** Whether the stream outlives this error of a poll, because there is time left and the trouble may pass. */
	survives(error: unknown): boolean {
		const { code } = ConnectError.from(error);
		const passes = code === Code.Unavailable || code === Code.DeadlineExceeded;
		return passes && performance.now() < this.#deadline;
	}
}
