package progressd

// Reporting from hot loops: the loop stores its newest value, and a goroutine sends it from time to time. What passes by
// itself (no connection) is tried again with the newest value then, so the last one is never lost. When there is nothing new
// for half a second, or a third of the lease, a heartbeat keeps the lease and asks whether the job should be cancelled.

import (
	"context"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	progressv1 "progressd/gen/go/progress/v1"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	intervalDefault = 100 * time.Millisecond
	intervalMin     = time.Millisecond
	beatDefault     = 500 * time.Millisecond
	beatsInLease    = 3
	attemptMax      = time.Second // a report of the goroutine is given up after this, for a newer one
	messageBytesMax = 1024
)

// Reporter reports one stage of one job. Tick, SetTotal, SetMessage and the readers may be called by any goroutine.
type Reporter struct {
	tracker  *ProgressTracker
	jobID    string
	stage    progressv1.PipelineStage
	attempt  uint32
	lease    time.Duration
	interval time.Duration

	done     atomic.Uint64          // what Tick said last: the bits of a float64
	total    atomic.Uint64          // the bits of a float64; 0: not known
	message  atomic.Pointer[string] // not sent yet; nil: none
	mustStop atomic.Bool
	info     atomic.Pointer[progressv1.ProgressInfo]

	ctx      context.Context // of the work
	cancel   context.CancelFunc
	stopOnce sync.Once
	stopped  error         // why the worker should stop; before mustStop is set
	ending   chan struct{} // closed: the goroutine shall end
	endOnce  sync.Once
	ended    chan struct{} // closed: it has

	// Of the goroutine, and of Finish after its end.
	highest      float64
	acknowledged *place
	refused      *place
}

// place is how much of how much.
type place struct {
	done, total float64
}

// ReporterOption changes how a reporter behaves.
type ReporterOption func(*Reporter)

// ReportEvery sends at most one report in that time, instead of 100 ms; at least 1 ms.
func ReportEvery(interval time.Duration) ReporterOption {
	return func(reporter *Reporter) { reporter.interval = interval }
}

// ReportAttempt names the attempt the worker works on.
func ReportAttempt(attempt uint32) ReporterOption {
	return func(reporter *Reporter) { reporter.attempt = attempt }
}

// ReportLease keeps a lease of that length as long as the reporter runs.
func ReportLease(lease time.Duration) ReporterOption {
	return func(reporter *Reporter) { reporter.lease = lease }
}

// StartReporter enters a stage, which is acknowledged, and lets a goroutine send the newest value of Tick. The total is in any
// unit; 0: not known yet. When ctx is over nothing more is sent, but by Finish.
func (t *ProgressTracker) StartReporter(
	ctx context.Context, jobID string, stage progressv1.PipelineStage, total float64, options ...ReporterOption,
) (*Reporter, error) {
	reporter := &Reporter{
		tracker: t, jobID: jobID, stage: stage, interval: intervalDefault,
		ending: make(chan struct{}), ended: make(chan struct{}),
	}
	for _, change := range options {
		change(reporter)
	}
	reporter.SetTotal(total)
	entering := []UpdateOption{WithAttempt(reporter.attempt)}
	if reporter.lease > 0 {
		entering = append(entering, WithLease(reporter.lease))
	}
	info, err := t.UpdateProgress(ctx, jobID, stage, entering...)
	if err != nil {
		return nil, err
	}
	reporter.ctx, reporter.cancel = context.WithCancel(ctx)
	reporter.note(info)
	go reporter.run(ctx)
	return reporter, nil
}

// Tick says that so much is done now, and returns whether the worker should stop; Err says why. It sends nothing, never
// waits, and allocates nothing. Values that go down or beyond the total are taken for the nearest sensible one when they are
// sent.
func (r *Reporter) Tick(done float64) bool {
	r.done.Store(math.Float64bits(done))
	return r.mustStop.Load()
}

// SetTotal changes the total, when more is known; what is no number above 0 changes nothing.
func (r *Reporter) SetTotal(total float64) {
	if total > 0 && !math.IsInf(total, 1) {
		r.total.Store(math.Float64bits(total))
	}
}

// SetMessage sets the message that goes with the next report; it is cut at 1024 bytes.
func (r *Reporter) SetMessage(message string) {
	if len(message) > messageBytesMax {
		message = message[:messageBytesMax]
	}
	message = strings.ToValidUTF8(message, "")
	r.message.Store(&message)
}

// Context is the context of the work: it is over when the worker should stop (Err says why), when the context that the
// reporter was started with is, or after Finish and Stop.
func (r *Reporter) Context() context.Context {
	return r.ctx
}

// Err says why the worker should stop; nil: it should not. Canceled, reason CANCEL_REQUESTED: somebody asked for that.
// Otherwise what the service answered: another attempt has taken over, or the job has ended or is in a later stage already.
func (r *Reporter) Err() error {
	if !r.mustStop.Load() {
		return nil
	}
	return r.stopped
}

// Info returns the state after the latest report or heartbeat.
func (r *Reporter) Info() *progressv1.ProgressInfo {
	return r.info.Load()
}

// Finish sends the last value and waits for its acknowledgement. The error says why it was not acknowledged.
func (r *Reporter) Finish(ctx context.Context) (*progressv1.ProgressInfo, error) {
	r.Stop()
	if !r.isAcknowledged() {
		if err := r.send(ctx); err != nil {
			return nil, err
		}
	}
	return r.Info(), nil
}

// Stop sends nothing more; the last value may be lost. More than one is harmless.
func (r *Reporter) Stop() {
	r.endOnce.Do(func() { close(r.ending) })
	<-r.ended
	r.cancel()
}

// ---- the goroutine

func (r *Reporter) run(ctx context.Context) {
	defer close(r.ended)
	beat := beatDefault
	if r.lease > 0 {
		beat = shorter(beat, r.lease/beatsInLease)
	}
	interval := shorter(r.interval, beat)
	if interval < intervalMin {
		interval = intervalMin
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	beatDue := time.Now().Add(beat)
	for {
		select {
		case <-r.ending:
			return
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		switch {
		case !r.isAcknowledged() && !isSame(r.refused, r.place()):
			r.try(ctx, r.send)
		case !time.Now().Before(beatDue):
			r.try(ctx, r.sendBeat)
		default:
			continue
		}
		beatDue = time.Now().Add(beat)
	}
}

func (r *Reporter) place() place {
	total := math.Float64frombits(r.total.Load())
	if done := math.Float64frombits(r.done.Load()); done > r.highest {
		r.highest = done
	}
	if total > 0 && r.highest > total {
		return place{total, total}
	}
	return place{r.highest, total}
}

func isSame(known *place, now place) bool {
	return known != nil && *known == now
}

func (r *Reporter) isAcknowledged() bool {
	now := r.place()
	return r.message.Load() == nil && (now.total == 0 || isSame(r.acknowledged, now))
}

func (r *Reporter) try(ctx context.Context, send func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, attemptMax)
	defer cancel()
	err := send(ctx)
	if err == nil || passesByItself(err) {
		return
	}
	if number := status.Code(err); number == codes.Aborted || number == codes.FailedPrecondition {
		r.stopWork(err)
	}
	refused := r.place()
	r.refused = &refused // is not repeated until there is something new
}

func passesByItself(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted:
		return true
	}
	return false
}

func (r *Reporter) send(ctx context.Context) error {
	now, message := r.place(), r.message.Swap(nil)
	options := []UpdateOption{WithAttempt(r.attempt)}
	if message != nil {
		options = append(options, WithMessage(*message))
	}
	var info *progressv1.ProgressInfo
	var err error
	if now.total == 0 {
		info, err = r.tracker.UpdateProgress(ctx, r.jobID, r.stage, options...)
	} else {
		info, err = r.tracker.UpdateProgressIncremental(ctx, r.jobID, r.stage, now.done, now.total, options...)
	}
	if err != nil {
		if passesByItself(err) {
			r.message.CompareAndSwap(nil, message) // unless there is a newer one
		}
		return err
	}
	r.acknowledged = &now
	r.note(info)
	return nil
}

func (r *Reporter) sendBeat(ctx context.Context) error {
	info, err := r.tracker.Heartbeat(ctx, r.jobID, WithAttempt(r.attempt))
	if err == nil {
		r.note(info)
	}
	return err
}

func (r *Reporter) note(info *progressv1.ProgressInfo) {
	r.info.Store(info)
	if info.GetCancelRequested() {
		r.stopWork(newError(codes.Canceled, "CANCEL_REQUESTED", "%s: %s", r.jobID, info.GetCancelReason()))
	}
}

func (r *Reporter) stopWork(why error) {
	r.stopOnce.Do(func() {
		r.stopped = why
		r.mustStop.Store(true)
		r.cancel()
	})
}
