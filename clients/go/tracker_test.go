package progressd_test

// The six methods, and what workers need beside them.

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	rpcv1 "progressd/gen/go/progress/rpc/v1"
	progressv1 "progressd/gen/go/progress/v1"
	"progressd/gen/go/stage"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	progressd "progressd/clients/go"
)

func TestTheSixMethods(t *testing.T) {
	ctx, tracker := patient(t), newTracker(t, startDaemon(t).ipc)
	_, err := tracker.UpdateProgress(ctx, "job-1", stage.Downloading)
	must(t, err)
	info, err := tracker.UpdateProgressExplicit(ctx, "job-1", stage.Downloading, 11)
	must(t, err)
	same(t, "explicit", info.GetProgress(), 11)
	_, err = tracker.UpdateProgressByStatus(ctx, "job-1", "Transcribing")
	must(t, err)
	info, err = tracker.UpdateProgressIncremental(ctx, "job-1", stage.Transcribing, 1, 2)
	must(t, err)
	same(t, "incremental", info.GetFraction(), 0.375)
	info, err = tracker.UpdateProgress(ctx, "job-1", stage.Processing, progressd.WithMessage("cutting"),
		progressd.WithMetadata(map[string]string{"video_id": "v"}), progressd.WithAttempt(2), progressd.WithLease(time.Minute))
	must(t, err)
	same(t, "all that goes with it", fmt.Sprintln(info.GetMessage(), info.GetMetadata(), info.GetAttempt()),
		"cutting map[video_id:v] 2\n")
	if info.GetLeaseExpireTime() == nil {
		t.Fatal("no lease")
	}
	info, err = tracker.GetProgress(ctx, "job-1")
	must(t, err)
	same(t, "status", info.GetStatus(), "processing")
	_, err = tracker.UpdateProgressByStatus(ctx, "job-1", "dancing")
	refusal(t, err, codes.InvalidArgument, progressd.Reason(err))
}

func TestTheStagesComeFromTheSchema(t *testing.T) {
	tracker := newTracker(t, startDaemon(t).ipc)
	answer, err := tracker.Client().GetAllStages(patient(t), &progressv1.GetAllStagesRequest{})
	must(t, err)
	told, known := answer.GetStages(), tracker.GetAllStages()
	same(t, "stages", len(known), len(told))
	for place := range told {
		if !proto.Equal(told[place], known[place]) {
			t.Errorf("%v is not %v", known[place], told[place])
		}
		same(t, "ends", progressd.IsFinal(known[place].GetEndsAs()), known[place].GetEndsAs() != 0)
	}
}

func TestCreateWaitCancelAndHeartbeat(t *testing.T) {
	ctx, tracker := patient(t), newTracker(t, startDaemon(t).tcp)
	info, err := tracker.CreateJob(ctx, &progressv1.CreateJobRequest{JobId: "job-1", Pipeline: "clip"})
	must(t, err)
	same(t, "pipeline", info.GetPipeline(), "clip")
	after, err := tracker.Wait(ctx, "job-1", info.GetRevision(), 10*time.Millisecond)
	must(t, err)
	same(t, "revision", after.GetRevision(), info.GetRevision())
	info, err = tracker.Cancel(ctx, "job-1", "not needed")
	must(t, err)
	same(t, "cancel_requested", info.GetCancelRequested(), true)
	info, err = tracker.Heartbeat(ctx, "job-1", progressd.WithLease(30*time.Second))
	must(t, err)
	same(t, "reason", info.GetCancelReason(), "not needed")
	_, err = tracker.CreateJob(ctx, &progressv1.CreateJobRequest{JobId: "job-1"})
	refusal(t, err, codes.AlreadyExists, progressd.Reason(err))
}

func TestCreateMakesUpANameAndItsRepeatCreatesNothing(t *testing.T) {
	ctx, tracker := patient(t), newTracker(t, startDaemon(t).ipc)
	first, err := tracker.CreateJob(ctx, nil)
	must(t, err)
	second, err := tracker.CreateJob(ctx, &progressv1.CreateJobRequest{Message: "waiting"})
	must(t, err)
	if first.GetJobId() == "" || first.GetJobId() == second.GetJobId() {
		t.Fatal(first.GetJobId(), second.GetJobId())
	}
	service := startFake(t, emptyReply)
	_, err = newTracker(t, service.url).CreateJob(ctx, nil)
	must(t, err)
	request := new(progressv1.CreateJobRequest)
	must(t, proto.Unmarshal(service.heard()[0].GetRequest(), request))
	if request.GetJobId() == "" || request.GetRequestId() == "" {
		t.Fatal(request)
	}
}

func TestSimulateAsksTheService(t *testing.T) {
	service := startFake(t, emptyReply)
	tracker := newTracker(t, service.url, progressd.WithWriter("worker-1"))
	_, err := tracker.Simulate(patient(t), "job-1", stage.Analyzing, 1500*time.Millisecond)
	must(t, err)
	request := new(progressv1.SimulateProgressRequest)
	must(t, proto.Unmarshal(service.heard()[0].GetRequest(), request))
	same(t, "expected", request.GetExpectedDuration().AsDuration(), 1500*time.Millisecond)
	same(t, "writer", request.GetWriter(), "worker-1")
}

func TestAWatchGivesEachStateOnceAndEndsWithTheJob(t *testing.T) {
	ctx, daemon := patient(t), startDaemon(t)
	tracker := newTracker(t, daemon.ipc)
	watch, err := tracker.Watch(ctx, "job-1", progressd.WatchEvery(), progressd.WatchFromCreation())
	must(t, err)
	defer watch.Close()
	_, err = tracker.UpdateProgress(ctx, "job-1", stage.Downloading)
	must(t, err)
	seen, err := watch.Next()
	must(t, err)
	same(t, "first", seen.GetStatus(), "downloading")
	daemon.kill()
	daemon.start()
	_, err = tracker.UpdateProgress(ctx, "job-1", stage.Completed)
	must(t, err)
	seen, err = watch.Next()
	must(t, err)
	same(t, "last", seen.GetStatus(), "completed")
	if _, err = watch.Next(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestAWatchOfADeletedJobSaysSo(t *testing.T) {
	ctx, tracker := patient(t), newTracker(t, startDaemon(t).ipc)
	_, err := tracker.CreateJob(ctx, &progressv1.CreateJobRequest{JobId: "job-1"})
	must(t, err)
	watch, err := tracker.Watch(ctx, "job-1")
	must(t, err)
	_, err = watch.Next()
	must(t, err)
	_, err = tracker.Client().DeleteJob(ctx, &progressv1.DeleteJobRequest{JobId: "job-1"})
	must(t, err)
	_, err = watch.Next()
	refusal(t, err, codes.NotFound, progressd.Reason(err))
	watch.Close()
}

func TestUpdatesOfOneJobByManyAreAllApplied(t *testing.T) {
	ctx, tracker := patient(t), newTracker(t, startDaemon(t).ipc)
	var group sync.WaitGroup
	for number := 0; number < 100; number++ {
		group.Add(1)
		go func(number int) {
			defer group.Done()
			if _, err := tracker.UpdateProgress(ctx, "job-1", stage.Downloading, progressd.WithMessage(fmt.Sprint(number))); err != nil {
				t.Error(err)
			}
		}(number)
	}
	group.Wait()
	info, err := tracker.GetProgress(ctx, "job-1")
	must(t, err)
	same(t, "revision", info.GetRevision(), 100)
}

func TestAnotherMajorVersionIsRefused(t *testing.T) {
	service := startFake(t, func(*rpcv1.Call) []byte { return nil })
	service.version = "99.0.0"
	_, err := newTracker(t, service.url).GetProgress(patient(t), "job-1")
	if text := refusal(t, err, codes.FailedPrecondition, "INCOMPATIBLE_VERSION"); !strings.Contains(text, "99.0.0") {
		t.Fatal(text)
	}
	same(t, "calls", len(service.heard()), 0)
}
