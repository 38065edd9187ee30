package progressd

// What goes with an update, and how it is sent.

import (
	"context"
	"time"

	progressv1 "progressd/gen/go/progress/v1"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

type update struct {
	message  string
	metadata map[string]string
	attempt  uint32
	lease    *durationpb.Duration
}

// UpdateOption says what goes with an update.
type UpdateOption func(*update)

// WithMessage says what to show to people, at most 1024 bytes.
func WithMessage(message string) UpdateOption {
	return func(update *update) { update.message = message }
}

// WithMetadata gives entries to merge into the job's.
func WithMetadata(metadata map[string]string) UpdateOption {
	return func(update *update) { update.metadata = metadata }
}

// WithAttempt names the attempt the worker works on; without it, or 0: the present one. A greater one than the present
// starts anew.
func WithAttempt(attempt uint32) UpdateOption {
	return func(update *update) { update.attempt = attempt }
}

// WithLease promises the next sign of life within that time; without it: as before.
func WithLease(lease time.Duration) UpdateOption {
	return func(update *update) { update.lease = durationpb.New(lease) }
}

func updateOf(options []UpdateOption) update {
	var chosen update
	for _, change := range options {
		change(&chosen)
	}
	return chosen
}

// fill writes what all updates share.
func (u *update) fill(request proto.Message, jobID, writer string, sequence uint64) {
	setField(request, "job_id", protoreflect.ValueOfString(jobID))
	setField(request, "message", protoreflect.ValueOfString(u.message))
	setField(request, "attempt", protoreflect.ValueOfUint32(u.attempt))
	setField(request, "writer", protoreflect.ValueOfString(writer))
	setField(request, "sequence", protoreflect.ValueOfUint64(sequence))
	if u.lease != nil {
		setField(request, "lease", protoreflect.ValueOfMessage(u.lease.ProtoReflect()))
	}
	reflected := request.ProtoReflect()
	entries := reflected.Mutable(reflected.Descriptor().Fields().ByName("metadata")).Map()
	for key, value := range u.metadata {
		entries.Set(protoreflect.ValueOfString(key).MapKey(), protoreflect.ValueOfString(value))
	}
}

// teller is an answer about one job.
type teller interface {
	GetProgressInfo() *progressv1.ProgressInfo
}

// send makes an update by a method of the generated client, when it is the job's turn.
func send[Request proto.Message, Answer teller](
	ctx context.Context, tracker *ProgressTracker, method func(context.Context, Request, ...grpc.CallOption) (Answer, error),
	jobID string, request Request, options []UpdateOption,
) (*progressv1.ProgressInfo, error) {
	sequence, done, ok := tracker.pace.take(ctx, jobID)
	if !ok {
		return nil, endOfContext(ctx, jobID)
	}
	defer done()
	said := updateOf(options)
	said.fill(request, jobID, tracker.writer, sequence)
	return ask(ctx, tracker, method, request)
}

// ask makes a call by a method of the generated client.
func ask[Request proto.Message, Answer teller](
	ctx context.Context, tracker *ProgressTracker, method func(context.Context, Request, ...grpc.CallOption) (Answer, error),
	request Request,
) (*progressv1.ProgressInfo, error) {
	if err := tracker.checkServer(ctx); err != nil {
		return nil, err
	}
	answer, err := method(ctx, request)
	if err != nil {
		return nil, err
	}
	return answer.GetProgressInfo(), nil
}
