package progressd

// A stream of the service is one long poll after the other, each going on where the answer before has ended. An answer that
// was lost is asked for again with the same token, so nothing is missed and nothing comes twice; a token that is too old
// gives a snapshot with resync. Answers without news are not passed on.

import (
	"context"
	"time"

	progressv1 "progressd/gen/go/progress/v1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A service that never waits is not asked in a busy loop.
const pauseWithoutNews = 50 * time.Millisecond

// watchStream is a grpc.ClientStream; it is for one goroutine at a time, and its context ends it.
type watchStream struct {
	conn    *Conn
	ctx     context.Context
	method  string
	options []grpc.CallOption
	telling telling

	request proto.Message // with the token to go on with
	isBegun bool          // an answer was passed on
	trailer metadata.MD
	ended   error
}

// resumable is a request, and an answer, of a stream that can be carried.
type resumable interface {
	proto.Message
	GetResumeToken() string
}

type newsBearer interface {
	resumable
	GetEvents() []*progressv1.ProgressEvent
	GetResync() bool
}

// SendMsg takes the one request of the stream.
func (s *watchStream) SendMsg(message any) error {
	request, ok := message.(resumable)
	if !ok {
		return newError(codes.Unimplemented, "NOT_RESUMABLE",
			"%s: only streams that go on by a resume_token can be carried", s.method)
	}
	s.request = proto.Clone(request)
	return nil
}

// RecvMsg waits for the next answer. The error is a status: NotFound, the job is not there any more.
func (s *watchStream) RecvMsg(message any) error {
	answer, ok := message.(newsBearer)
	if !ok || s.request == nil {
		return newError(codes.Internal, "NOT_RESUMABLE", "%s: this stream cannot be carried", s.method)
	}
	for s.ended == nil {
		err := s.poll(answer)
		switch {
		case err != nil && !s.outlives(err):
			s.trailer, s.ended = reasonTrailer(Reason(err)), s.telling.tell(nil, err)
		case err == nil && s.take(answer):
			return nil
		case err == nil:
			sleep(s.ctx, s.conn.keeper.closing, pauseWithoutNews)
		}
	}
	return s.ended
}

func (s *watchStream) poll(answer proto.Message) error {
	if s.ctx.Err() != nil {
		return endOfContext(s.ctx, s.method)
	}
	made, err := s.conn.newCall(s.ctx, s.method, s.request, s.options)
	if err != nil {
		return err
	}
	reply, err := made.run(s.ctx)
	if err != nil {
		return err
	}
	if proto.Unmarshal(reply.GetResponse(), answer) != nil {
		return made.badReply("a message that cannot be read")
	}
	s.trailer = trailerOf(reply)
	return nil
}

// take goes on behind this answer, and tells whether it has news.
func (s *watchStream) take(answer newsBearer) bool {
	setField(s.request, "resume_token", protoreflect.ValueOfString(answer.GetResumeToken()))
	hasNews := !s.isBegun || len(answer.GetEvents()) > 0 || answer.GetResync()
	s.isBegun = true
	return hasNews
}

// outlives tells whether the stream outlives this error of a poll, because there is time left and the trouble may
// pass.
func (s *watchStream) outlives(err error) bool {
	if s.ctx.Err() != nil || s.failsFast() {
		return false
	}
	number := status.Code(err)
	return number == codes.Unavailable || number == codes.DeadlineExceeded
}

func (s *watchStream) failsFast() bool {
	failFast := s.conn.options.failFast
	for _, option := range s.options {
		if option, ok := option.(grpc.FailFastCallOption); ok {
			failFast = option.FailFast
		}
	}
	return failFast
}

// Header returns nothing: the protocol has none.
func (s *watchStream) Header() (metadata.MD, error) {
	return metadata.MD{}, nil
}

// Trailer returns "reason" of the end; before it, "durability" of the latest answer.
func (s *watchStream) Trailer() metadata.MD {
	return s.trailer
}

// CloseSend does nothing: there is one request.
func (s *watchStream) CloseSend() error {
	return nil
}

// Context returns the context the stream was begun with.
func (s *watchStream) Context() context.Context {
	return s.ctx
}
