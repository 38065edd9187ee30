package progressd_test

// The official generated client takes the connection as it would take gRPC's.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	progressd "progressd/clients/go"
	rpcv1 "progressd/gen/go/progress/rpc/v1"
	progressv1 "progressd/gen/go/progress/v1"
	"progressd/gen/go/stage"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func update(jobID, message string) *progressv1.UpdateProgressRequest {
	return &progressv1.UpdateProgressRequest{JobId: jobID, Stage: stage.Transcribing, Message: message}
}

func get(jobID string) *progressv1.GetProgressRequest {
	return &progressv1.GetProgressRequest{JobId: jobID}
}

// refusal fails the test unless the error has the code and the reason; it returns its text.
func refusal(t *testing.T, err error, code codes.Code, reason string) string {
	t.Helper()
	told, ok := status.FromError(err)
	if !ok || err == nil {
		t.Fatalf("is no status: %v", err)
	}
	same(t, "code of "+told.Message(), told.Code(), code)
	same(t, "reason of "+told.Message(), progressd.Reason(err), reason)
	return told.Message()
}

func TestACallGetsItsResponse(t *testing.T) {
	overBoth(t, func(t *testing.T, _ *daemon, conn *progressd.Conn) {
		ctx, client := patient(t), clientOf(conn)
		var trailer metadata.MD
		_, err := client.UpdateProgress(ctx, update("job", "listening"), grpc.Trailer(&trailer))
		must(t, err)
		same(t, "durability", trailer.Get("durability"), []string{"SYNCED"})
		answer, err := client.GetProgress(ctx, get("job"))
		must(t, err)
		same(t, "status", answer.GetProgressInfo().GetStatus(), "transcribing")
		same(t, "message", answer.GetProgressInfo().GetMessage(), "listening")
	})
}

func TestAnErrorIsAStatusWithCodeTextAndReason(t *testing.T) {
	overBoth(t, func(t *testing.T, _ *daemon, conn *progressd.Conn) {
		var trailer metadata.MD
		_, err := clientOf(conn).GetProgress(patient(t), get("nobody"), grpc.Trailer(&trailer))
		if text := refusal(t, err, codes.NotFound, "JOB_NOT_FOUND"); !strings.Contains(text, "nobody") {
			t.Fatal(text)
		}
		same(t, "trailer", trailer.Get("reason"), []string{"JOB_NOT_FOUND"})
		same(t, "code inside another error", status.Code(fmt.Errorf("while looking: %w", err)), codes.NotFound)
	})
}

func TestDeadlineAndCancellingAreKeptAlsoWhenTheServiceWouldWaitLonger(t *testing.T) {
	overBoth(t, func(t *testing.T, _ *daemon, conn *progressd.Conn) {
		client := clientOf(conn)
		_, err := client.UpdateProgress(patient(t), update("job", ""))
		must(t, err)
		wait := &progressv1.WaitProgressRequest{JobId: "job", AfterRevision: 1 << 40}
		answer, err := client.WaitProgress(patient(t), &progressv1.WaitProgressRequest{JobId: "job"})
		must(t, err)
		wait.AfterRevision = answer.GetProgressInfo().GetRevision()

		limited, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_, err = client.WaitProgress(limited, wait)
		refusal(t, err, codes.DeadlineExceeded, "DEADLINE_EXCEEDED")

		cancelled, cancelNow := context.WithCancel(context.Background())
		time.AfterFunc(20*time.Millisecond, cancelNow)
		_, err = client.WaitProgress(cancelled, wait)
		refusal(t, err, codes.Canceled, "CANCELLED")
		_, err = client.GetProgress(cancelled, get("job"))
		refusal(t, err, codes.Canceled, "CANCELLED")
	})
}

func TestTheTimeoutOfTheConnectionIsKept(t *testing.T) {
	service := startFake(t, func(*rpcv1.Call) []byte { return nil })
	client := clientOf(dial(t, service.url, progressd.WithTimeout(50*time.Millisecond)))
	_, err := client.GetProgress(context.Background(), get("job"))
	refusal(t, err, codes.DeadlineExceeded, "DEADLINE_EXCEEDED")
	same(t, "calls: nothing is sent again", len(service.heard()), 1)
}

func TestManyCallAtOnce(t *testing.T) {
	overBoth(t, func(t *testing.T, _ *daemon, conn *progressd.Conn) {
		ctx, client := patient(t), clientOf(conn)
		var group sync.WaitGroup
		for number := 0; number < 64; number++ {
			group.Add(1)
			go func(jobID string) {
				defer group.Done()
				for step := 0; step < 10; step++ {
					answer, err := client.UpdateProgress(ctx, update(jobID, fmt.Sprint(step)))
					if err != nil || answer.GetProgressInfo().GetMessage() != fmt.Sprint(step) {
						t.Errorf("%s: %v %v", jobID, answer, err)
					}
				}
			}(fmt.Sprintf("many-%d", number))
		}
		group.Wait()
	})
}

func TestAStreamGoesOnFromAnswerToAnswerUntilItIsCancelled(t *testing.T) {
	overBoth(t, func(t *testing.T, _ *daemon, conn *progressd.Conn) {
		client, jobID := clientOf(conn), "job-"+t.Name()[len(t.Name())-3:]
		ctx, cancel := context.WithCancel(patient(t))
		_, err := client.UpdateProgress(ctx, update(jobID, "first"))
		must(t, err)
		stream, err := client.WatchProgress(ctx, &progressv1.WatchProgressRequest{JobId: jobID})
		must(t, err)
		var told []string
		for _, message := range []string{"a", "b", "c", ""} {
			answer, err := stream.Recv()
			must(t, err)
			for _, event := range answer.GetEvents() {
				told = append(told, event.GetProgressInfo().GetMessage())
			}
			if message != "" {
				_, err = client.UpdateProgress(ctx, update(jobID, message))
				must(t, err)
			}
		}
		same(t, "told", told, []string{"first", "a", "b", "c"})
		time.AfterFunc(10*time.Millisecond, cancel)
		_, err = stream.Recv()
		refusal(t, err, codes.Canceled, "CANCELLED")
		_, err = stream.Recv()
		refusal(t, err, codes.Canceled, "CANCELLED")
		same(t, "trailer", stream.Trailer().Get("reason"), []string{"CANCELLED"})
	})
}

func TestAStreamHasADeadlineOfItsOwn(t *testing.T) {
	overBoth(t, func(t *testing.T, _ *daemon, conn *progressd.Conn) {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		stream, err := clientOf(conn).WatchJobs(ctx, &progressv1.WatchJobsRequest{})
		must(t, err)
		_, err = stream.Recv()
		must(t, err)
		_, err = stream.Recv()
		refusal(t, err, codes.DeadlineExceeded, "DEADLINE_EXCEEDED")
	})
}

func TestCallsAndStreamsOutliveAKilledDaemon(t *testing.T) {
	overBoth(t, func(t *testing.T, daemon *daemon, conn *progressd.Conn) {
		ctx, client, jobID := patient(t), clientOf(conn), "kill-"+t.Name()[len(t.Name())-3:]
		_, err := client.UpdateProgress(ctx, update(jobID, "before"))
		must(t, err)
		stream, err := client.WatchProgress(ctx, &progressv1.WatchProgressRequest{JobId: jobID})
		must(t, err)
		_, err = stream.Recv()
		must(t, err)
		ended := make(chan error, 1)
		daemon.kill()
		go func() {
			request := update(jobID, "while it is away")
			request.Writer, request.Sequence = "w", 1
			_, err := client.UpdateProgress(ctx, request)
			ended <- err
		}()
		daemon.start()
		must(t, <-ended)
		for message := ""; message != "while it is away"; {
			answer, err := stream.Recv()
			must(t, err)
			for _, event := range answer.GetEvents() {
				message = event.GetProgressInfo().GetMessage()
			}
		}
	})
}

func TestClosingEndsCallsAsCancelled(t *testing.T) {
	service := startFake(t, func(*rpcv1.Call) []byte { return nil })
	conn := dial(t, service.url)
	client, ended := clientOf(conn), make(chan error, 2)
	go func() {
		_, err := client.GetProgress(patient(t), get("job"))
		ended <- err
	}()
	waitUntil(t, "the call is under way", func() bool { return len(service.heard()) == 1 })
	must(t, conn.Close())
	refusal(t, <-ended, codes.Canceled, "CHANNEL_CLOSED")
	_, err := client.GetProgress(patient(t), get("job"))
	refusal(t, err, codes.Canceled, "CHANNEL_CLOSED")
}

func TestTheTokenOfTheEnvironmentGoesIntoTheFrame(t *testing.T) {
	service := startFake(t, emptyReply)
	ask := func(options ...progressd.Option) string {
		_, err := clientOf(dial(t, service.url, options...)).GetProgress(patient(t), get("a"))
		must(t, err)
		calls := service.heard()
		return calls[len(calls)-1].GetAuthorization()
	}
	file := filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(file, []byte("in-file\nmore\n"), 0o600))
	t.Setenv("PRG_TOKEN_FILE", file)
	same(t, "of the file", ask(), "Bearer in-file")
	t.Setenv("PRG_TOKEN", "in-variable")
	same(t, "of the variable", ask(), "Bearer in-variable")
	same(t, "given", ask(progressd.WithAuthorization("Bearer given")), "Bearer given")
	same(t, "none", ask(progressd.WithAuthorization("")), "")
	t.Setenv("PRG_TOKEN", "two words")
	_, err := progressd.Dial(service.url)
	same(t, "error", fmt.Sprint(err), "PRG_TOKEN: holds no token")
	t.Setenv("PRG_TOKEN", "")
	t.Setenv("PRG_TOKEN_FILE", "/nowhere")
	_, err = progressd.Dial(service.url)
	same(t, "error", strings.HasPrefix(fmt.Sprint(err), "PRG_TOKEN_FILE: open /nowhere: "), true)
}

type token struct{ isForTLS bool }

func (token) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"Authorization": "Bearer of the call"}, nil
}

func (c token) RequireTransportSecurity() bool { return c.isForTLS }

var _ credentials.PerRPCCredentials = token{}

func TestMetadataGoesIntoTheFrame(t *testing.T) {
	service := startFake(t, emptyReply)
	client := clientOf(dial(t, service.url, progressd.WithAuthorization("Bearer default")))
	limited, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := client.GetProgress(limited, get("a"))
	must(t, err)
	ctx := metadata.AppendToOutgoingContext(patient(t), "Authorization", "Bearer other", "traceparent", "00-1")
	_, err = client.GetProgress(ctx, get("b"))
	must(t, err)
	_, err = client.GetProgress(context.Background(), get("c"), grpc.PerRPCCredentials(token{}))
	must(t, err)
	_, err = client.GetProgress(patient(t), get("d"), grpc.PerRPCCredentials(token{isForTLS: true}))
	refusal(t, err, codes.Unauthenticated, "NO_TRANSPORT_SECURITY")

	calls := service.heard()
	same(t, "calls", len(calls), 3)
	same(t, "first", calls[0].GetAuthorization(), "Bearer default")
	same(t, "second", calls[1].GetAuthorization(), "Bearer other")
	same(t, "third", calls[2].GetAuthorization(), "Bearer of the call")
	same(t, "metadata", calls[1].GetMetadata(), map[string]string{"traceparent": "00-1"})
	if first, third := calls[0].GetTimeoutMs(), calls[2].GetTimeoutMs(); first > 5000 || third <= first || third > 10000 {
		t.Fatalf("timeouts %d and %d", first, third)
	}
}

func TestAServiceThatIsNotAvailableIsAskedAgain(t *testing.T) {
	busy := pack(&rpcv1.Reply{Code: int32(codes.Unavailable), Message: "starting", Reason: "STARTING"})
	asked := 0
	service := startFake(t, func(call *rpcv1.Call) []byte {
		if asked++; asked < 3 {
			return busy
		}
		return emptyReply(call)
	})
	client := clientOf(dial(t, service.url))
	_, err := client.GetProgress(patient(t), get("a"))
	must(t, err)
	same(t, "calls", len(service.heard()), 3)

	service.lock.Lock()
	asked = -1 << 30
	service.lock.Unlock()
	_, err = client.GetProgress(patient(t), get("a"), grpc.WaitForReady(false))
	refusal(t, err, codes.Unavailable, "STARTING")
	limited, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err = client.GetProgress(limited, get("a"))
	refusal(t, err, codes.Unavailable, "STARTING")
}

func TestAnAnswerThatIsNoneIsAnInternalError(t *testing.T) {
	for _, answer := range [][]byte{{0xff, 0xff}, pack(&rpcv1.Reply{Response: []byte{0xff, 0xff}})} {
		answer := answer
		service := startFake(t, func(*rpcv1.Call) []byte { return answer })
		_, err := clientOf(dial(t, service.url)).GetProgress(patient(t), get("a"))
		refusal(t, err, codes.Internal, "BAD_REPLY")
	}
}

func TestACodeNobodyKnowsIsUnknown(t *testing.T) {
	service := startFake(t, func(*rpcv1.Call) []byte { return pack(&rpcv1.Reply{Code: 99, Message: "new"}) })
	_, err := clientOf(dial(t, service.url)).GetProgress(patient(t), get("a"))
	same(t, "text", refusal(t, err, codes.Unknown, ""), "new")
}

func TestWhatCannotBeSentIsNot(t *testing.T) {
	service := startFake(t, emptyReply)
	conn := dial(t, service.url)
	request := &progressv1.BatchUpdateProgressRequest{}
	for number := 0; number < 1200; number++ {
		one := &progressv1.BatchUpdate_UpdateProgress{UpdateProgress: update("job", strings.Repeat("m", 1000))}
		request.Updates = append(request.Updates, &progressv1.BatchUpdate{Update: one})
	}
	_, err := clientOf(conn).BatchUpdateProgress(patient(t), request)
	refusal(t, err, codes.ResourceExhausted, "REQUEST_TOO_LARGE")
	_, err = clientOf(conn).GetProgress(patient(t), get("\xff"))
	refusal(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	_, err = conn.NewStream(patient(t), &grpc.StreamDesc{ClientStreams: true}, "/a/B")
	refusal(t, err, codes.Unimplemented, "NO_REQUEST_STREAMS")
	same(t, "calls", len(service.heard()), 0)
}

func TestWhoCannotBeReachedIsUnavailable(t *testing.T) {
	url := "ipc://" + shortFolder(t) + "/nobody"
	limited, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := clientOf(dial(t, url)).GetProgress(limited, get("a"))
	refusal(t, err, codes.Unavailable, "UNREACHABLE")
	_, err = clientOf(dial(t, url, progressd.WithFailFast())).GetProgress(patient(t), get("a"))
	refusal(t, err, codes.Unavailable, "UNREACHABLE")
	stream, err := clientOf(dial(t, url, progressd.WithFailFast())).WatchJobs(patient(t), &progressv1.WatchJobsRequest{})
	must(t, err)
	_, err = stream.Recv()
	refusal(t, err, codes.Unavailable, "UNREACHABLE")
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	t.Setenv("PRG_SERVER", "nowhere")
	for _, url := range []string{"", "http://a", "ipc://", "ipc://" + strings.Repeat("x", 108), "tcp://a", "tcp://a:0", "tcp://a:65536"} {
		if _, err := progressd.Dial(url); err == nil || !strings.Contains(err.Error(), "allowed are ipc://") {
			t.Fatalf("%q: %v", url, err)
		}
	}
}

func TestTheAddressIsFound(t *testing.T) {
	daemon := startDaemon(t)
	t.Setenv("PRG_SERVER", daemon.tcp)
	same(t, "server", dial(t, "").Server(), daemon.tcp)
	t.Setenv("PRG_SERVER", "")
	t.Setenv("RUNTIME_DIRECTORY", strings.TrimSuffix(strings.TrimPrefix(daemon.ipc, "ipc://"), "/rpc.sock")+":/other")
	same(t, "server", dial(t, "").Server(), daemon.ipc)
}
