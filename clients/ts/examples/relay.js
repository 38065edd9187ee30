// A relay of workers in several languages: each follows the same job, prints every change it sees, and does its own stages when
// it is its turn. Usage: node relay.js JOB NAME NEXT STAGE...
// The turn is in the job's metadata; NEXT gets it after the last STAGE, unless that ends the job.
import { ProgressTracker } from "progressd/node";

const PARTS = 4;
const [jobId = "", name = "", next = "", ...stages] = process.argv.slice(2);
const tracker = new ProgressTracker();

async function run() {
	for (const status of stages) {
		const info = await tracker.updateProgressByStatus(jobId, status, { message: `${name} begins` });
		if (info.endTime !== undefined) return;
		for (let done = 1; done <= PARTS; done++) {
			const message = `${name}: ${done} of ${PARTS}`;
			await tracker.updateProgressIncremental(jobId, info.stage, { done, total: PARTS }, { message });
		}
	}
	const message = `${name} hands over to ${next}`;
	await tracker.updateProgressByStatus(jobId, stages.at(-1) ?? "", { message, metadata: { turn: next } });
}

let hasRun = false;
for await (const info of tracker.watchProgress(jobId, { every: true })) {
	console.log(`${info.revision} ${info.status} ${info.progress}% ${info.message}`);
	if (!hasRun && info.metadata["turn"] === name) {
		hasRun = true;
		await run();
	}
}
