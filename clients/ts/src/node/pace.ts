/** Who a worker is, the numbers of its updates, and their order: one job's updates go out one after the other. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

const HOST_MAX = 32;

/** A name of its own: host:process:random; only the host is cut. */
export function makeWriter(): string {
	const host =
		hostname()
			.replace(/[^A-Za-z0-9._-]/g, "-")
			.slice(0, HOST_MAX) || "host";
	return `${host}:${String(process.pid)}:${randomBytes(8).toString("hex")}`;
}

/** Gives updates their sequences, and each job its turns. */
export class Pace {
	// Microseconds since 1970: a worker that is started again under the same name goes on above its old numbers.
	#sequence = BigInt(Date.now()) * 1000n;
	readonly #last = new Map<string, Promise<unknown>>();

	/** Carries out `update` with its sequence when all earlier updates of the job are over. */
	turn<T>(jobId: string, update: (sequence: bigint) => Promise<T>): Promise<T> {
		const before = this.#last.get(jobId) ?? Promise.resolve();
		const run = () => update(++this.#sequence);
		const mine = before.then(run, run);
		this.#last.set(jobId, mine);
		const forget = () => {
			if (this.#last.get(jobId) === mine) this.#last.delete(jobId);
		};
		mine.then(forget, forget);
		return mine;
	}
}
