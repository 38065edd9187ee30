package progressd

// One call from its request to its answer: when it is sent, when it is sent again, and when it is given up. It is repeated
// until its deadline when the connection is lost or when the service says that it is not available just now.

import (
	"context"
	"math"
	"time"

	rpcv1 "progressd/gen/go/progress/rpc/v1"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	requestBytesMax = 1 << 20
	pauseMin        = 10 * time.Millisecond
	pauseMax        = time.Second
	waitDefault     = 30 * time.Second // of requests that wait, when they do not say how long
	waitMax         = 5 * time.Minute
)

type call struct {
	keeper   *keeper
	method   string
	request  proto.Message
	frame    *rpcv1.Call // method, authorization and metadata are set
	failFast bool
	// The context may end before its deadline.
	mayBeCancelled bool

	waitUntil   time.Time // zero: the request is not one that waits
	sent        int
	pause       time.Duration
	unavailable error // what the service has said last, if it said so
}

// waiter is a request that waits in the service before it is answered.
type waiter interface {
	GetTimeout() *durationpb.Duration
}

// waitOf returns how long the service may wait before it answers; 0 for requests that do not wait.
func waitOf(request proto.Message) time.Duration {
	waiting, ok := request.(waiter)
	if !ok {
		return 0
	}
	if waiting.GetTimeout() == nil {
		return waitDefault
	}
	if wait := waiting.GetTimeout().AsDuration(); wait > 0 {
		return shorter(wait, waitMax)
	}
	return 0
}

// run makes the call and returns the successful reply. The error is a status.
func (c *call) run(ctx context.Context) (*rpcv1.Reply, error) {
	if wait := waitOf(c.request); wait > 0 {
		c.waitUntil = time.Now().Add(wait)
	}
	for {
		reply, ended, err := c.attempt(ctx)
		if err != nil {
			return nil, err
		}
		switch {
		case ended == endDone && codeOf(reply) != codes.Unavailable:
			return reply, replyError(reply)
		case ended == endDone:
			if c.unavailable = replyError(reply); c.failFast {
				return nil, c.unavailable
			}
			c.pauseBetween(ctx)
		case ended == endLost && c.sent > 1:
			// The next attempt waits for the connection, but a service that drops each call must not be asked in a busy loop.
			c.pauseBetween(ctx)
		case ended != endLost && ended != endUnsent:
			return nil, c.giveUp(ctx, ended)
		}
	}
}

func (c *call) attempt(ctx context.Context) (*rpcv1.Reply, end, error) {
	if ctx.Err() != nil {
		return nil, endOver, nil
	}
	lent, ended := c.keeper.wait(ctx, c.failFast)
	if ended != endDone {
		return nil, ended, nil
	}
	body, err := c.pack(ctx)
	if err != nil {
		return nil, endDone, err
	}
	answer, ended := lent.exchange(ctx, c.mayBeCancelled, body)
	if ended != endUnsent {
		c.sent++
	}
	if ended == endLost || ended == endUnsent {
		c.keeper.forget(ctx, lent)
	}
	if ended != endDone {
		return nil, ended, nil
	}
	reply := new(rpcv1.Reply)
	if err := proto.Unmarshal(answer, reply); err != nil {
		return nil, endDone, c.badReply("something else than a reply")
	}
	return reply, endDone, nil
}

// pack makes the frame. A request that waits, sent again, says how long it waits from now.
func (c *call) pack(ctx context.Context) ([]byte, error) {
	request := c.request
	if !c.waitUntil.IsZero() && c.sent > 0 {
		request = proto.Clone(request)
		setField(request, "timeout", protoreflect.ValueOfMessage(durationpb.New(timeUntil(c.waitUntil)).ProtoReflect()))
	}
	packed, err := proto.Marshal(request)
	if err != nil {
		return nil, newError(codes.InvalidArgument, "INVALID_ARGUMENT", "%s: %v", c.method, err)
	}
	if len(packed) > requestBytesMax {
		return nil, newError(codes.ResourceExhausted, "REQUEST_TOO_LARGE",
			"%s: the request has %d bytes, allowed are %d", c.method, len(packed), requestBytesMax)
	}
	c.frame.Request, c.frame.TimeoutMs = packed, timeoutMs(ctx)
	body, err := proto.Marshal(c.frame)
	if err != nil {
		return nil, newError(codes.InvalidArgument, "INVALID_ARGUMENT", "%s: metadata: %v", c.method, err)
	}
	return body, nil
}

// timeoutMs returns the milliseconds that are left; 0: without limit.
func timeoutMs(ctx context.Context) uint32 {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	left := timeUntil(deadline).Milliseconds()
	if left < 1 {
		return 1
	}
	if left > math.MaxInt32 {
		return math.MaxInt32
	}
	return uint32(left)
}

func timeUntil(moment time.Time) time.Duration {
	if left := time.Until(moment); left > 0 {
		return left
	}
	return 0
}

func setField(message proto.Message, name protoreflect.Name, value protoreflect.Value) {
	reflected := message.ProtoReflect()
	reflected.Set(reflected.Descriptor().Fields().ByName(name), value)
}

func (c *call) pauseBetween(ctx context.Context) {
	c.pause = shorter(c.pause*2, pauseMax)
	if c.pause < pauseMin {
		c.pause = pauseMin
	}
	sleep(ctx, c.keeper.closing, c.pause)
}

// sleep lets time pass, but not once the context is over or the channel closed.
func sleep(ctx context.Context, closing <-chan struct{}, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closing:
	case <-ctx.Done():
	}
}

func (c *call) badReply(what string) error {
	return newError(codes.Internal, "BAD_REPLY", "%s: %s answered with %s: not a progressd?", c.method, c.keeper.url, what)
}

func (c *call) giveUp(ctx context.Context, ended end) error {
	switch {
	case ended == endStopped:
		return closedError()
	case ended == endOver && ctx.Err() == context.Canceled:
		return endOfContext(ctx, c.method)
	case ended == endOver && c.unavailable != nil:
		return c.unavailable
	case ended == endFailed || !c.keeper.isUp():
		return newError(codes.Unavailable, "UNREACHABLE", "cannot reach progressd at %s", c.keeper.url)
	}
	return newError(codes.DeadlineExceeded, "DEADLINE_EXCEEDED", "%s: no answer from %s in time", c.method, c.keeper.url)
}
