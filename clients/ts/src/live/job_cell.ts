/** The newest state of one job. */
import { type ConnectError } from "@connectrpc/connect";

import { type ProgressClient } from "../client.js";
import { passesByItself } from "../errors.js";
import { EventKind, type ProgressInfo } from "../gen/progress/v1/job_pb.js";
import { isFinal } from "../stages.js";
import { isNews } from "../watch.js";
import { Cell, type Change, toError } from "./cell.js";

export interface JobSnapshot {
	readonly info: ProgressInfo | undefined;
	/** Why there is no info, or why it is the last one; an error that does not pass by itself. */
	readonly error: ConnectError | undefined;
}

export const NO_JOB: JobSnapshot = { info: undefined, error: undefined };

export class JobCell extends Cell {
	#snapshot = NO_JOB;

	constructor(
		private readonly client: ProgressClient,
		readonly jobId: string,
	) {
		super();
	}

	/** What is shown now; the same object until it changes. */
	get snapshot(): JobSnapshot {
		return this.#snapshot;
	}

	/** Whether it has ended, so that changes are rare. */
	get isOver(): boolean {
		return this.snapshot.info !== undefined && isFinal(this.snapshot.info);
	}

	override async load(signal: AbortSignal): Promise<void> {
		try {
			const { progressInfo } = await this.client.getProgress({ jobId: this.jobId }, { signal });
			if (progressInfo !== undefined) this.take({ info: progressInfo, kind: EventKind.SNAPSHOT });
		} catch (error) {
			if (signal.aborted || passesByItself(error)) throw error;
			this.#show({ info: this.snapshot.info, error: toError(error) });
		}
	}

	/** An older state than the one that is shown says nothing. */
	override take({ info, kind }: Change): void {
		const { info: shown, error } = this.snapshot;
		if (info.jobId !== this.jobId || kind === EventKind.DELETED) return;
		const isNew = isNews(info, shown);
		if (isNew || error !== undefined) this.#show({ info: isNew ? info : shown, error: undefined });
	}

	#show(snapshot: JobSnapshot): void {
		this.#snapshot = snapshot;
		this.changed();
	}
}
