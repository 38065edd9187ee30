package progressd

// The service's verbs for workers and readers.

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"time"

	progressv1 "progressd/gen/go/progress/v1"
	"progressd/gen/go/version"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ProgressTracker is a worker's or reader's view of the service; any number of goroutines may use it at once.
//
// Its updates carry the worker's name and a rising number, so they may be repeated: one that was carried out changes nothing
// again. They create the job if it is new. Errors are statuses of gRPC (status.FromError); Reason tells why for programs:
// FailedPrecondition, an earlier stage, or the job has ended; Aborted, an older attempt.
type ProgressTracker struct {
	client  progressv1.ProgressTrackerServiceClient
	closer  io.Closer // nil: the connection is somebody else's
	writer  string
	pace    *pace
	isKnown atomic.Bool // the service's version is compatible
}

// NewProgressTracker returns a tracker with a connection of its own; see Dial.
func NewProgressTracker(server string, options ...Option) (*ProgressTracker, error) {
	conn, err := Dial(server, options...)
	if err != nil {
		return nil, err
	}
	tracker, err := NewProgressTrackerOn(conn, options...)
	if err != nil {
		return nil, err
	}
	tracker.closer = conn
	return tracker, nil
}

// NewProgressTrackerOn returns a tracker on a connection, which is not closed with it. Of the options it takes WithWriter.
func NewProgressTrackerOn(conn grpc.ClientConnInterface, options ...Option) (*ProgressTracker, error) {
	writer := optionsOf(options).writer
	if writer == "" {
		var err error
		if writer, err = makeWriter(); err != nil {
			return nil, err
		}
	}
	client := progressv1.NewProgressTrackerServiceClient(conn)
	return &ProgressTracker{client: client, writer: writer, pace: newPace()}, nil
}

// Client returns the generated client on the tracker's connection.
func (t *ProgressTracker) Client() progressv1.ProgressTrackerServiceClient {
	return t.client
}

// Close ends the tracker's connection, unless it was given one; finish reporters first.
func (t *ProgressTracker) Close() error {
	if t.closer == nil {
		return nil
	}
	return t.closer.Close()
}

// GetProgress returns the present state of a job. NotFound: there is none.
func (t *ProgressTracker) GetProgress(ctx context.Context, jobID string) (*progressv1.ProgressInfo, error) {
	return ask(ctx, t, t.client.GetProgress, &progressv1.GetProgressRequest{JobId: jobID})
}

// UpdateProgress jumps to the start of a stage.
func (t *ProgressTracker) UpdateProgress(
	ctx context.Context, jobID string, stage progressv1.PipelineStage, options ...UpdateOption,
) (*progressv1.ProgressInfo, error) {
	return send(ctx, t, t.client.UpdateProgress, jobID, &progressv1.UpdateProgressRequest{Stage: stage}, options)
}

// UpdateProgressByStatus does the same with the stage by name, in any case: "transcribing". InvalidArgument: there is no
// such stage; the text lists them.
func (t *ProgressTracker) UpdateProgressByStatus(
	ctx context.Context, jobID, status string, options ...UpdateOption,
) (*progressv1.ProgressInfo, error) {
	request := &progressv1.UpdateProgressByStatusRequest{Status: status}
	return send(ctx, t, t.client.UpdateProgressByStatus, jobID, request, options)
}

// UpdateProgressExplicit sets a percentage of your choice, from 0 to 100.
func (t *ProgressTracker) UpdateProgressExplicit(
	ctx context.Context, jobID string, stage progressv1.PipelineStage, percent int32, options ...UpdateOption,
) (*progressv1.ProgressInfo, error) {
	request := &progressv1.UpdateProgressExplicitRequest{Stage: stage, Progress: percent}
	return send(ctx, t, t.client.UpdateProgressExplicit, jobID, request, options)
}

// UpdateProgressIncremental sets the place inside a stage: done of total in any unit; for a fraction f give f of 1.
func (t *ProgressTracker) UpdateProgressIncremental(
	ctx context.Context, jobID string, stage progressv1.PipelineStage, done, total float64, options ...UpdateOption,
) (*progressv1.ProgressInfo, error) {
	request := &progressv1.UpdateProgressIncrementalRequest{Stage: stage, Done: done, Total: total}
	return send(ctx, t, t.client.UpdateProgressIncremental, jobID, request, options)
}

// GetAllStages returns the table of stages in its order as the schema of this package says, without asking the service.
func (t *ProgressTracker) GetAllStages() []*progressv1.StageInfo {
	return AllStages()
}

// Simulate lets the service move the bar by itself inside a stage; expected 0: as long as the stage usually takes.
func (t *ProgressTracker) Simulate(
	ctx context.Context, jobID string, stage progressv1.PipelineStage, expected time.Duration, options ...UpdateOption,
) (*progressv1.ProgressInfo, error) {
	request := &progressv1.SimulateProgressRequest{Stage: stage, ExpectedDuration: positive(expected)}
	return send(ctx, t, t.client.SimulateProgress, jobID, request, options)
}

// CreateJob creates a job that waits for a worker; without a request, or a job_id in it, a name is made up, see the answer.
// AlreadyExists: there is one of that name.
func (t *ProgressTracker) CreateJob(
	ctx context.Context, job *progressv1.CreateJobRequest,
) (*progressv1.ProgressInfo, error) {
	name, err := makeName()
	if err != nil {
		return nil, err
	}
	request := new(progressv1.CreateJobRequest)
	proto.Merge(request, job)
	if request.RequestId == "" {
		request.RequestId = name
	}
	if request.JobId == "" {
		request.JobId = name // made up here, because a repeat is known by its job
	}
	return ask(ctx, t, t.client.CreateJob, request)
}

// Wait returns the state as soon as its revision is greater than afterRevision, or after the timeout as it is then.
func (t *ProgressTracker) Wait(
	ctx context.Context, jobID string, afterRevision uint64, timeout time.Duration,
) (*progressv1.ProgressInfo, error) {
	request := &progressv1.WaitProgressRequest{
		JobId: jobID, AfterRevision: afterRevision, Timeout: durationpb.New(timeout),
	}
	return ask(ctx, t, t.client.WaitProgress, request)
}

// Cancel asks the job's worker to stop.
func (t *ProgressTracker) Cancel(ctx context.Context, jobID, reason string) (*progressv1.ProgressInfo, error) {
	return ask(ctx, t, t.client.CancelJob, &progressv1.CancelJobRequest{JobId: jobID, Reason: reason})
}

// Heartbeat says "I am alive". Of the options it takes WithAttempt and WithLease.
func (t *ProgressTracker) Heartbeat(
	ctx context.Context, jobID string, options ...UpdateOption,
) (*progressv1.ProgressInfo, error) {
	said := updateOf(options)
	request := &progressv1.HeartbeatRequest{JobId: jobID, Lease: said.lease, Attempt: said.attempt, Writer: t.writer}
	return ask(ctx, t, t.client.Heartbeat, request)
}

// checkServer asks at first use who is there. FailedPrecondition, reason INCOMPATIBLE_VERSION: the service's major version
// is another one.
func (t *ProgressTracker) checkServer(ctx context.Context) error {
	if t.isKnown.Load() {
		return nil
	}
	info, err := t.client.GetServerInfo(ctx, &progressv1.GetServerInfoRequest{})
	if err != nil {
		return err
	}
	if majorOf(info.GetVersion()) != majorOf(version.Number) {
		return newError(codes.FailedPrecondition, "INCOMPATIBLE_VERSION",
			"the server is %s %s, this is progressd for Go %s: their major versions must be the same",
			info.GetName(), info.GetVersion(), version.Number)
	}
	t.isKnown.Store(true)
	return nil
}

func majorOf(version string) string {
	major, _, _ := strings.Cut(version, ".")
	return major
}

func positive(length time.Duration) *durationpb.Duration {
	if length <= 0 {
		return nil
	}
	return durationpb.New(length)
}
