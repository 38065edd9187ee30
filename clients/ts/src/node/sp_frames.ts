/**
 * The framing of the scalability protocols, REQ side. Both peers begin with eight bytes that name their protocol; then each
 * message is an 8-byte length and so many bytes, on unix sockets with a byte 1 before the length. A message of REQ and REP
 * begins with the request's number, whose highest bit is set.
 */

/** What REQ says first. */
export const REQ_GREETING = Buffer.from([0, 0x53, 0x50, 0, 0, 0x30, 0, 0]);
const REP_GREETING = Buffer.from([0, 0x53, 0x50, 0, 0, 0x31, 0, 0]);
/** No answer of the service is larger. */
const MESSAGE_BYTES_MAX = 16 << 20;
const LENGTH_BYTES = 8;
const NUMBER_BYTES = 4;
const IPC_MESSAGE = 1;
const TOP_BIT = 0x80000000;

/** A message of REQ or REP. */
export interface Frame {
	/** Of the request, 0 to 2^31 - 1. */
	readonly number: number;
	readonly body: Uint8Array;
}

/** The peer does not speak the protocol. */
export class FramingError extends Error {}

/** The bytes of a message as they go over a tcp or unix socket. */
export function encodeFrame(frame: Frame, isIpc: boolean): Buffer {
	const start = isIpc ? 1 : 0;
	const bytes = Buffer.allocUnsafe(start + LENGTH_BYTES + NUMBER_BYTES + frame.body.length);
	if (isIpc) bytes[0] = IPC_MESSAGE;
	bytes.writeBigUInt64BE(BigInt(NUMBER_BYTES + frame.body.length), start);
	bytes.writeUInt32BE((frame.number | TOP_BIT) >>> 0, start + LENGTH_BYTES);
	bytes.set(frame.body, start + LENGTH_BYTES + NUMBER_BYTES);
	return bytes;
}

/** Cuts what comes from a peer into messages. */
export class FrameReader {
	#rest: Buffer = Buffer.alloc(0);
	#chunks: Buffer[] = [];
	#bytes = 0;
	#needed = REP_GREETING.length;
	#isGreeted = false;

	constructor(private readonly isIpc: boolean) {}

	/** Whether the peer has said who it is. */
	get isGreeted(): boolean {
		return this.#isGreeted;
	}

	/** Takes some bytes; gives the messages that are complete now. Throws FramingError. */
	push(chunk: Buffer): Frame[] {
		this.#chunks.push(chunk);
		this.#bytes += chunk.length;
		if (this.#bytes < this.#needed) return [];
		this.#rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
		const frames = this.#take();
		this.#chunks = [this.#rest];
		this.#bytes = this.#rest.length;
		return frames;
	}

	#take(): Frame[] {
		const frames: Frame[] = [];
		if (!this.#isGreeted) this.#greet();
		for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
		return frames;
	}

	#greet(): void {
		if (REP_GREETING.compare(this.#rest, 0, REP_GREETING.length) !== 0)
			throw new FramingError("the peer is no REP socket of the scalability protocols");
		this.#rest = this.#rest.subarray(REP_GREETING.length);
		this.#isGreeted = true;
	}

	/** The next complete message; otherwise notes how many bytes are needed before it is worth looking again. */
	#next(): Frame | undefined {
		const head = (this.isIpc ? 1 : 0) + LENGTH_BYTES;
		this.#needed = head;
		if (this.#rest.length < head) return undefined;
		if (this.isIpc && this.#rest[0] !== IPC_MESSAGE) throw new FramingError("the peer sent an unknown kind of message");
		const length = Number(this.#rest.readBigUInt64BE(head - LENGTH_BYTES));
		if (length < NUMBER_BYTES || length > MESSAGE_BYTES_MAX)
			throw new FramingError(`the peer sent a message of ${String(length)} bytes`);
		this.#needed = head + length;
		if (this.#rest.length < head + length) return undefined;
		const number = (this.#rest.readUInt32BE(head) & ~TOP_BIT) >>> 0;
		const body = this.#rest.subarray(head + NUMBER_BYTES, head + length);
		this.#rest = this.#rest.subarray(head + length);
		return { number, body };
	}
}
