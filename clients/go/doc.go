// Package progressd reports and reads the progress of long-running jobs kept by progressd.
//
//	tracker, err := progressd.NewProgressTracker("") // $PRG_SERVER, else the daemon's usual place
//	...
//	tracker.UpdateProgress(ctx, "job-1", stage.Downloading)
//	info, err := tracker.GetProgress(ctx, "job-1")
//
// A Conn carries the generated client (progressv1.NewProgressTrackerServiceClient) as a gRPC connection does: contexts,
// deadlines, metadata, streams, and errors that status.FromError reads. The names of the stages are in package stage.
package progressd
