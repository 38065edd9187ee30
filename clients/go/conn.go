package progressd

// A gRPC connection over NNG's REQ, for the generated client.

import (
	"context"
	"strings"

	rpcv1 "progressd/gen/go/progress/rpc/v1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// Conn is a grpc.ClientConnInterface:
//
//	conn, err := progressd.Dial("tcp://127.0.0.1:7070")
//	client := progressv1.NewProgressTrackerServiceClient(conn)
//
// It connects by itself, and again whenever the connection is lost; calls wait for that. A request is repeated as it is when
// its answer is lost: give updates a writer with a rising sequence, or a request_id, to make that harmless; ProgressTracker
// does so. Any number of goroutines may use a Conn at once.
//
// Of gRPC's call options it knows WaitForReady, Header, Trailer and PerRPCCredentials; the others, which are about HTTP/2,
// have no effect. The trailer has "durability" of an answer ("SYNCED"), or "reason" of an error.
type Conn struct {
	keeper        *keeper
	options       options
	authorization string
}

var _ grpc.ClientConnInterface = (*Conn)(nil)

// Dial returns a connection to ipc://PATH or tcp://HOST:PORT; empty: $PRG_SERVER, else the daemon's usual unix socket, else
// its usual tcp port. It does not wait for the connection. The error says what is wrong with the address or the token.
func Dial(server string, options ...Option) (*Conn, error) {
	url, err := chooseAddress(server)
	if err != nil {
		return nil, err
	}
	chosen := optionsOf(options)
	authorization, err := chooseAuthorization(chosen.authorization)
	if err != nil {
		return nil, err
	}
	return &Conn{keeper: newKeeper(url), options: chosen, authorization: authorization}, nil
}

// Server returns the address the connection talks to.
func (c *Conn) Server() string {
	return c.keeper.url
}

// Close ends the connection; calls under way answer Canceled.
func (c *Conn) Close() error {
	c.keeper.close()
	return nil
}

// Invoke makes a call with one answer; the generated client calls it. Without a deadline in the context the call has that of
// the connection.
func (c *Conn) Invoke(ctx context.Context, method string, request, response any, options ...grpc.CallOption) error {
	message, isRequest := request.(proto.Message)
	answer, isResponse := response.(proto.Message)
	if !isRequest || !isResponse {
		return newError(codes.Internal, "NOT_PROTOBUF", "%s: request and response must be protobuf messages", method)
	}
	telling := tellingOf(options)
	made, err := c.newCall(ctx, method, message, options)
	if err != nil {
		return telling.tell(nil, err)
	}
	ctx, cancel := c.withTimeout(ctx, message)
	defer cancel()
	reply, err := made.run(ctx)
	if err == nil && proto.Unmarshal(reply.GetResponse(), answer) != nil {
		err = made.badReply("a message that cannot be read")
	}
	return telling.tell(reply, err)
}

// NewStream begins a stream of answers; the generated client calls it.
func (c *Conn) NewStream(
	ctx context.Context, stream *grpc.StreamDesc, method string, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	if stream.ClientStreams {
		return nil, newError(codes.Unimplemented, "NO_REQUEST_STREAMS", "%s: the protocol has no streams of requests", method)
	}
	return &watchStream{conn: c, ctx: ctx, method: method, options: options, telling: tellingOf(options)}, nil
}

func (c *Conn) withTimeout(ctx context.Context, request proto.Message) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok || c.options.timeout < 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.options.timeout+waitOf(request))
}

// newCall makes a call of the connection's options, the call's options and the context's outgoing metadata.
func (c *Conn) newCall(
	ctx context.Context, method string, request proto.Message, options []grpc.CallOption,
) (*call, error) {
	made := &call{
		keeper: c.keeper, method: method, request: request, failFast: c.options.failFast,
		mayBeCancelled: ctx.Done() != nil,
		frame:          &rpcv1.Call{Method: method, Authorization: c.authorization},
	}
	sent, _ := metadata.FromOutgoingContext(ctx)
	for key, values := range sent {
		setMetadata(made.frame, key, strings.Join(values, ","))
	}
	for _, option := range options {
		switch option := option.(type) {
		case grpc.FailFastCallOption:
			made.failFast = option.FailFast
		case grpc.PerRPCCredsCallOption:
			if err := addCredentials(ctx, made.frame, option.Creds); err != nil {
				return nil, err
			}
		}
	}
	return made, nil
}

func setMetadata(frame *rpcv1.Call, key, value string) {
	if key = strings.ToLower(key); key == "authorization" {
		frame.Authorization = value
		return
	}
	if frame.Metadata == nil {
		frame.Metadata = make(map[string]string)
	}
	frame.Metadata[key] = value
}

func addCredentials(ctx context.Context, frame *rpcv1.Call, given credentials.PerRPCCredentials) error {
	if given.RequireTransportSecurity() {
		return newError(codes.Unauthenticated, "NO_TRANSPORT_SECURITY", "the credentials ask for a connection with TLS")
	}
	pairs, err := given.GetRequestMetadata(ctx, frame.GetMethod())
	if err != nil {
		return newError(codes.Unauthenticated, "NO_CREDENTIALS", "%v", err)
	}
	for key, value := range pairs {
		setMetadata(frame, key, value)
	}
	return nil
}

// telling knows where the caller wants header and trailer to be put.
type telling []*metadata.MD

func tellingOf(options []grpc.CallOption) telling {
	var trailers telling
	for _, option := range options {
		switch option := option.(type) {
		case grpc.HeaderCallOption:
			*option.HeaderAddr = metadata.MD{} // the protocol has none
		case grpc.TrailerCallOption:
			trailers = append(trailers, option.TrailerAddr)
		}
	}
	return trailers
}

// tell puts the trailer where it is wanted, and returns the error.
func (t telling) tell(reply *rpcv1.Reply, err error) error {
	for _, trailer := range t {
		if err != nil {
			*trailer = reasonTrailer(Reason(err))
		} else {
			*trailer = trailerOf(reply)
		}
	}
	return err
}
