// A worker in ten lines: node worker.js JOB. The address is $PRG_SERVER, or the daemon's usual place.
import { setTimeout } from "node:timers/promises";

import { PipelineStage, ProgressTracker } from "progressd/node";

const tracker = new ProgressTracker();
const jobId = process.argv[2] ?? "job-1";

await tracker.updateProgress(jobId, PipelineStage.DOWNLOADING, { message: "fetching the video" });
for await (const _frame of tracker.track(new Array(200).fill(0), jobId, PipelineStage.PROCESSING)) await setTimeout(1);
const info = await tracker.updateProgress(jobId, PipelineStage.COMPLETED);
console.log(`${info.jobId}: ${info.label}, ${info.progress} %`);
