/** The page for EventSource in jsdom, which has none: a small one of ours reads what the daemon sends. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { JSDOM } from "jsdom";
import { describe, expect, test, vi } from "vitest";

import { createProgressClient, PipelineStage } from "../../src/index.js";
import { Daemon, freePort, hasHttp } from "../support/daemon.js";

const PAGE = readFileSync(fileURLToPath(new URL("../../examples/events.html", import.meta.url)), "utf8");

class SmallEventSource extends EventTarget {
	readonly #end = new AbortController();

	constructor(url: string, base: string) {
		super();
		void this.#read(new URL(url, base)).catch(() => undefined);
	}

	get isClosed(): boolean {
		return this.#end.signal.aborted;
	}

	close(): void {
		this.#end.abort();
	}

	async #read(url: URL): Promise<void> {
		const { body } = await fetch(url, { signal: this.#end.signal });
		const decoder = new TextDecoder();
		let text = "";
		for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
			const blocks = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
			text = blocks.pop() ?? "";
			for (const block of blocks) {
				const type = /^event: (.*)$/m.exec(block)?.[1];
				if (type !== undefined) this.dispatchEvent(new MessageEvent(type, { data: /^data: (.*)$/m.exec(block)?.[1] }));
			}
		}
	}
}

describe.skipIf(!hasHttp)("the page for EventSource", () => {
	test("follows a job to its end", async () => {
		const place = `127.0.0.1:${await freePort()}`;
		const daemon = await Daemon.start("--http", place);
		const client = createProgressClient({ baseUrl: `http://${place}` });
		await client.updateProgress({ jobId: "job-1", stage: PipelineStage.TRANSCRIBING, message: "<b>listening</b>" });
		const opened: SmallEventSource[] = [];
		class PageEventSource extends SmallEventSource {
			constructor(url: string) {
				super(url, `http://${place}`);
				opened.push(this);
			}
		}
		// jsdom runs no modules.
		const { window } = new JSDOM(PAGE.replace('type="module"', ""), {
			url: `http://${place}/events.html?job=job-1`,
			runScripts: "dangerously",
			beforeParse: (page) => Object.assign(page, { EventSource: PageEventSource }),
		});
		const shown = () => window.document.querySelector("output")?.textContent;
		await vi.waitFor(() => expect(shown()).toBe("25 % Transcribing audio <b>listening</b>"));
		await client.updateProgress({ jobId: "job-1", stage: PipelineStage.COMPLETED });
		await vi.waitFor(() => expect(shown()).toMatch(/^100 % Completed/));
		expect(window.document.querySelector("progress")?.value).toBe(100);
		expect(opened.map((events) => events.isClosed)).toEqual([true]);
		await daemon.stop();
	});
});
