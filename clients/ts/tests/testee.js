/** Makes the calls of the conformance vectors with the Node client; tests/conformance/README.md tells how it is talked to. */
import { createInterface } from "node:readline";

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** The built package, and the address. */
const [folder, server] = process.argv.slice(2);
const progressd = await import(`${folder}/node/index.js`);
const { ProgressTrackerService } = progressd;
const client = progressd.createProgressClient({ transport: progressd.createNodeTransport({ server }) });
const streams = new Map();

function say(...words) {
	process.stdout.write(words.map((word) => word || "-").join(" ") + "\n");
}

function sayOk(number, durability, method, response) {
	say(number, "ok", durability, Buffer.from(toBinary(method.output, response)).toString("hex"));
}

function sayError(number, reason) {
	const error = ConnectError.from(reason);
	const code = Code[error.code].replace(/(?<!^)[A-Z]/g, "_$&").toUpperCase();
	say(
		number,
		"error",
		code.replace("CANCELED", "CANCELLED"),
		progressd.reasonOf(error),
		Buffer.from(error.rawMessage).toString("hex"),
	);
}

function find(name, text) {
	const method = ProgressTrackerService.methods.find((each) => each.name === name);
	return [method, fromBinary(method.input, Buffer.from(text === "-" ? "" : text, "hex"))];
}

async function call(number, name, timeoutMs, text) {
	const [method, request] = find(name, text);
	let durability = "";
	const onHeader = (header) => (durability = header.get("progress-durability"));
	const options = { onHeader, ...(timeoutMs !== "0" && { timeoutMs: Number(timeoutMs) }) };
	try {
		const response = await client[method.localName](request, options);
		sayOk(number, durability, method, response);
	} catch (error) {
		sayError(number, error);
	}
}

async function follow(number, name, text) {
	const [method, request] = find(name, text);
	const controller = new AbortController();
	streams.set(number, controller);
	try {
		for await (const response of client[method.localName](request, { signal: controller.signal }))
			if (!controller.signal.aborted) sayOk(number, "", method, response);
	} catch (error) {
		if (!controller.signal.aborted) sayError(number, error);
	}
}

for await (const line of createInterface({ input: process.stdin })) {
	const [kind, number, ...rest] = line.split(" ");
	if (kind === "call") void call(number, ...rest);
	else if (kind === "watch") void follow(number, ...rest);
	else streams.get(number).abort();
}
process.exit(0);
