package progressd

// The errors of calls: gRPC's, with a reason for programs.

import (
	"context"
	"fmt"
	"strings"

	rpcv1 "progressd/gen/go/progress/rpc/v1"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const errorDomain = "progressd"

// Reason returns the reason of an error for programs: UPPER_SNAKE ("STAGE_REGRESSION"), or empty. It is the reason of the
// errdetails.ErrorInfo among the details of the error's status.
func Reason(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

func newError(number codes.Code, reason, format string, arguments ...any) error {
	told := status.New(number, fmt.Sprintf(format, arguments...))
	if reason == "" {
		return told.Err()
	}
	detailed, err := told.WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: errorDomain})
	if err != nil {
		return told.Err()
	}
	return detailed.Err()
}

func codeOf(reply *rpcv1.Reply) codes.Code {
	if _, known := code.Code_name[reply.GetCode()]; !known {
		return codes.Unknown
	}
	return codes.Code(reply.GetCode())
}

// replyError returns the error that a reply tells of, nil if it tells of none.
func replyError(reply *rpcv1.Reply) error {
	if number := codeOf(reply); number != codes.OK {
		return newError(number, reply.GetReason(), "%s", reply.GetMessage())
	}
	return nil
}

// trailerOf returns what a reply says beside its message: "reason" of an error, "durability" of an answer.
func trailerOf(reply *rpcv1.Reply) metadata.MD {
	if codeOf(reply) != codes.OK {
		return reasonTrailer(reply.GetReason())
	}
	name, known := rpcv1.Durability_name[int32(reply.GetDurability())]
	if !known {
		return metadata.MD{}
	}
	return metadata.Pairs("durability", strings.TrimPrefix(name, "DURABILITY_"))
}

func reasonTrailer(reason string) metadata.MD {
	if reason == "" {
		return metadata.MD{}
	}
	return metadata.Pairs("reason", reason)
}

func closedError() error {
	return newError(codes.Canceled, "CHANNEL_CLOSED", "the connection was closed")
}

// endOfContext returns the error of a call whose context is over, as gRPC has it.
func endOfContext(ctx context.Context, method string) error {
	if ctx.Err() == context.Canceled {
		return newError(codes.Canceled, "CANCELLED", "%s: cancelled by the caller", method)
	}
	return newError(codes.DeadlineExceeded, "DEADLINE_EXCEEDED", "%s: no answer in time", method)
}
