/** Which errors pass by themselves, so that what was asked may be asked again. */
import { Code, ConnectError } from "@connectrpc/connect";

const LASTING: ReadonlySet<Code> = new Set([
	Code.InvalidArgument,
	Code.NotFound,
	Code.AlreadyExists,
	Code.PermissionDenied,
	Code.Unauthenticated,
	Code.FailedPrecondition,
	Code.OutOfRange,
	Code.Unimplemented,
]);

/** Whether asking again later may help: the service cannot be reached or is busy. A reader's question; a worker whose update
 * is ABORTED has been replaced. */
export function passesByItself(error: unknown): boolean {
	return !LASTING.has(ConnectError.from(error).code);
}
