/** For Node: the transport over plain sockets, and the tracker for workers. */
export * from "../index.js";
export { reasonOf } from "./call.js";
export { JobCancelledError, Reporter, type ReporterOptions } from "./reporter.js";
export {
	ProgressTracker,
	type ProgressTrackerOptions,
	type StageLike,
	type StagePlace,
	type UpdateOptions,
} from "./tracker.js";
export { createNodeTransport, type NodeTransport, type NodeTransportOptions } from "./transport.js";
