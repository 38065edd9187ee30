/** React hooks and the bar. */
export { ProgressProvider, useConnection, useProgressClient } from "./context.js";
export { ProgressBar, type ProgressBarProps } from "./progress_bar.js";
export { useJobs, type JobsFilter, type UseJobsOptions, type UseJobsResult } from "./use_jobs.js";
export { usePipelineStages, type UsePipelineStagesResult } from "./use_pipeline_stages.js";
export { JobFailedError, useProgress, type UseProgressOptions, type UseProgressResult } from "./use_progress.js";
export { useSmoothFraction } from "./use_smooth_fraction.js";
export { type ConnectionState } from "../live/link.js";
