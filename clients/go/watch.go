package progressd

// A job's states one after the other, until it has ended.

import (
	"context"
	"io"

	progressv1 "progressd/gen/go/progress/v1"
)

// WatchOption changes what a watch shows.
type WatchOption func(*progressv1.WatchProgressRequest)

// WatchEvery shows every change; otherwise those that come faster than they are taken are merged into the latest.
func WatchEvery() WatchOption {
	return func(request *progressv1.WatchProgressRequest) { request.Mode = progressv1.WatchMode_WATCH_MODE_ALL }
}

// WatchFromCreation waits for the job to be created, instead of NotFound.
func WatchFromCreation() WatchOption {
	return func(request *progressv1.WatchProgressRequest) { request.WaitForCreation = true }
}

// Watch is a job's states; for one goroutine at a time.
type Watch struct {
	stream  progressv1.ProgressTrackerService_WatchProgressClient
	cancel  context.CancelFunc
	waiting []*progressv1.ProgressEvent
	known   *progressv1.ProgressInfo // what was given last
}

// Watch begins to show a job, through restarts of the service; call Close in the end, or end its context.
func (t *ProgressTracker) Watch(ctx context.Context, jobID string, options ...WatchOption) (*Watch, error) {
	if err := t.checkServer(ctx); err != nil {
		return nil, err
	}
	request := &progressv1.WatchProgressRequest{JobId: jobID, Mode: progressv1.WatchMode_WATCH_MODE_LATEST}
	for _, change := range options {
		change(request)
	}
	ctx, cancel := context.WithCancel(ctx)
	stream, err := t.client.WatchProgress(ctx, request)
	if err != nil {
		cancel()
		return nil, err
	}
	return &Watch{stream: stream, cancel: cancel}, nil
}

// Next waits for the next state: the present one first, then each newer one. io.EOF: the job has ended. NotFound: no such
// job, or it was deleted.
func (w *Watch) Next() (*progressv1.ProgressInfo, error) {
	if IsFinal(w.known.GetState()) {
		return nil, io.EOF
	}
	for {
		for len(w.waiting) > 0 {
			event := w.waiting[0]
			w.waiting = w.waiting[1:]
			if w.isNew(event) {
				w.known = event.GetProgressInfo()
				return w.known, nil
			}
		}
		answer, err := w.stream.Recv()
		if err != nil {
			return nil, err
		}
		w.waiting = answer.GetEvents()
	}
}

// isNew tells whether a state was not given before; after a deletion the stream says NotFound.
func (w *Watch) isNew(event *progressv1.ProgressEvent) bool {
	info := event.GetProgressInfo()
	isSameJob := w.known != nil && info.GetCreateTime().AsTime().Equal(w.known.GetCreateTime().AsTime())
	isOld := isSameJob && info.GetRevision() <= w.known.GetRevision()
	return !isOld && event.GetKind() != progressv1.EventKind_EVENT_KIND_DELETED
}

// Close ends the watch.
func (w *Watch) Close() {
	w.cancel()
}
