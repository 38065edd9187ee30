/** The client of progressd for browsers and everything else that has fetch; see also "progressd/react" and "progressd/node". */
export { createProgressClient, type ProgressClient, type ProgressClientOptions, type Token } from "./client.js";
export { curvePlace, fractionAt, isMoving, timeFractionAfter } from "./curve.js";
export { passesByItself } from "./errors.js";
export * from "./gen/progress/v1/job_pb.js";
export * from "./gen/progress/v1/progress_service_pb.js";
export * from "./gen/progress/v1/stages_pb.js";
export { serverNow } from "./live/server_time.js";
export { VERSION } from "./gen/version.js";
export { findStage, getAllStages, getStageLabel, getStages, isFinal } from "./stages.js";
export { watchJob, watchJobs, type WatchAnswer, type WatchOptions } from "./watch.js";
