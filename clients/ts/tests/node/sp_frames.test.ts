import { describe, expect, test } from "vitest";

import { encodeFrame, FrameReader, FramingError } from "../../src/node/sp_frames.js";

const GREETING = Buffer.from("0053500000310000", "hex");

describe("encodeFrame", () => {
	test("is what docs/protocol.md says", () => {
		const frame = { number: 5, body: Buffer.from("abc") };
		expect(encodeFrame(frame, false).toString("hex")).toBe("0000000000000007" + "80000005" + "616263");
		expect(encodeFrame(frame, true).toString("hex")).toBe("01" + "0000000000000007" + "80000005" + "616263");
	});
});

describe("FrameReader", () => {
	test.each([false, true])("finds the messages however they are cut into pieces (unix socket: %s)", (isIpc) => {
		const sent = ["", "a", "x".repeat(70_000), "last"].map((text, number) => ({ number, body: Buffer.from(text) }));
		const bytes = Buffer.concat([GREETING, ...sent.map((frame) => encodeFrame(frame, isIpc))]);
		for (const size of [1, 2, 7, 8, 9, 13, 1000, 65_536, bytes.length]) {
			const reader = new FrameReader(isIpc);
			const got = [];
			for (let at = 0; at < bytes.length; at += size) {
				const frames = reader.push(bytes.subarray(at, at + size));
				got.push(...frames.map(({ number, body }) => `${number} ${Buffer.from(body).toString()}`));
			}
			expect(got).toEqual(sent.map(({ number, body }) => `${number} ${body.toString()}`));
		}
	});

	test.each([
		["an HTTP server", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
		["a PUB socket", Buffer.from("0053500000200000", "hex")],
		["a message without a number", Buffer.concat([GREETING, Buffer.from("000000000000000361616161", "hex")])],
		["a message that is too long", Buffer.concat([GREETING, Buffer.from("7fffffffffffffff", "hex")])],
	])("refuses %s", (_who, bytes) => {
		expect(() => new FrameReader(false).push(bytes)).toThrow(FramingError);
	});
});
