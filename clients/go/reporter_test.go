package progressd_test

// Reporting from hot loops.

import (
	"strings"
	"testing"
	"time"

	progressd "progressd/clients/go"
	progressv1 "progressd/gen/go/progress/v1"
	"progressd/gen/go/stage"

	"google.golang.org/grpc/codes"
)

func startReporter(
	t *testing.T, tracker *progressd.ProgressTracker, total float64, options ...progressd.ReporterOption,
) *progressd.Reporter {
	t.Helper()
	reporter, err := tracker.StartReporter(patient(t), "job-1", stage.Transcribing, total, options...)
	must(t, err)
	t.Cleanup(reporter.Stop)
	return reporter
}

func getJob(t *testing.T, tracker *progressd.ProgressTracker) *progressv1.ProgressInfo {
	t.Helper()
	info, err := tracker.GetProgress(patient(t), "job-1")
	must(t, err)
	return info
}

func TestAReporterReportsAndItsEndIsAcknowledged(t *testing.T) {
	tracker := newTracker(t, startDaemon(t).ipc)
	reporter := startReporter(t, tracker, 100000)
	same(t, "entered", getJob(t, tracker).GetStatus(), "transcribing")
	reporter.SetMessage("listening" + strings.Repeat("ä", 1000))
	for done := 0; done <= 100000; done++ {
		if reporter.Tick(float64(done)) {
			t.Fatal(reporter.Err())
		}
	}
	info, err := reporter.Finish(patient(t))
	must(t, err)
	same(t, "progress", info.GetProgress(), 50)
	same(t, "what is known", getJob(t, tracker).GetDone(), 100000)
	if message := info.GetMessage(); !strings.HasPrefix(message, "listeningä") || len(message) < 1000 || len(message) > 1024 {
		t.Fatal(message)
	}
	if info.GetRevision() > 1000 {
		t.Fatalf("each step was sent: revision %d", info.GetRevision())
	}
	if reporter.Context().Err() == nil || reporter.Err() != nil {
		t.Fatal("the context of the work ends with it, without a complaint")
	}
	_, err = reporter.Finish(patient(t))
	must(t, err)
}

func TestAReporterCarriesTheWishToCancel(t *testing.T) {
	tracker := newTracker(t, startDaemon(t).ipc)
	reporter := startReporter(t, tracker, 100)
	_, err := tracker.Cancel(patient(t), "job-1", "not needed")
	must(t, err)
	select {
	case <-reporter.Context().Done():
	case <-patient(t).Done():
		t.Fatal("the wish was not heard")
	}
	same(t, "tick", reporter.Tick(1), true)
	if text := refusal(t, reporter.Err(), codes.Canceled, "CANCEL_REQUESTED"); !strings.Contains(text, "not needed") {
		t.Fatal(text)
	}
	same(t, "info", reporter.Info().GetCancelRequested(), true)
}

func TestAReporterNeverGoesBackOrBeyond(t *testing.T) {
	tracker := newTracker(t, startDaemon(t).ipc)
	reporter := startReporter(t, tracker, 100, progressd.ReportEvery(0))
	reporter.Tick(60)
	waitUntil(t, "it is reported", func() bool { return getJob(t, tracker).GetDone() == 60 })
	reporter.Tick(20)
	reporter.SetMessage("again")
	waitUntil(t, "it is reported", func() bool { return getJob(t, tracker).GetMessage() == "again" })
	same(t, "done", getJob(t, tracker).GetDone(), 60)
	reporter.Tick(1000)
	info, err := reporter.Finish(patient(t))
	must(t, err)
	same(t, "done", info.GetDone(), 100)
}

func TestATotalMayBecomeKnown(t *testing.T) {
	tracker := newTracker(t, startDaemon(t).ipc)
	reporter := startReporter(t, tracker, 0)
	reporter.Tick(7)
	reporter.SetMessage("counting")
	waitUntil(t, "the message is reported", func() bool { return getJob(t, tracker).GetMessage() == "counting" })
	reporter.SetTotal(14)
	info, err := reporter.Finish(patient(t))
	must(t, err)
	same(t, "fraction", info.GetFraction(), 0.375)
}

func TestAReporterLosesNothingOverARestart(t *testing.T) {
	daemon := startDaemon(t)
	tracker := newTracker(t, daemon.tcp)
	reporter := startReporter(t, tracker, 100, progressd.ReportEvery(10*time.Millisecond))
	daemon.kill()
	reporter.Tick(77)
	daemon.start()
	waitUntil(t, "it is reported", func() bool { return getJob(t, tracker).GetDone() == 77 })
}

func TestAReporterKeepsItsLease(t *testing.T) {
	const lease = 600 * time.Millisecond
	tracker := newTracker(t, startDaemon(t).ipc)
	startReporter(t, tracker, 100, progressd.ReportLease(lease))
	info := getJob(t, tracker)
	for end := time.Now().Add(3 * lease); time.Now().Before(end); {
		var err error
		info, err = tracker.Wait(patient(t), "job-1", info.GetRevision(), time.Until(end))
		must(t, err)
		same(t, "state", info.GetState(), progressv1.JobState_JOB_STATE_ACTIVE)
	}
}

func TestAReporterOfAnOlderAttemptIsStopped(t *testing.T) {
	tracker := newTracker(t, startDaemon(t).ipc)
	reporter := startReporter(t, tracker, 9, progressd.ReportAttempt(1))
	_, err := tracker.UpdateProgress(patient(t), "job-1", stage.Queued, progressd.WithAttempt(2))
	must(t, err)
	waitUntil(t, "it is told to stop", func() bool { return reporter.Tick(1) })
	refusal(t, reporter.Err(), codes.Aborted, progressd.Reason(reporter.Err()))
	_, err = reporter.Finish(patient(t))
	refusal(t, err, codes.Aborted, progressd.Reason(err))
}

func TestATickAllocatesNothing(t *testing.T) {
	reporter := startReporter(t, newTracker(t, startDaemon(t).ipc), 1e9, progressd.ReportEvery(time.Hour))
	done := 0.0
	allocations := testing.AllocsPerRun(1000, func() {
		done++
		reporter.Tick(done)
	})
	same(t, "allocations", allocations, 0)
}

func BenchmarkTick(b *testing.B) {
	reporter := new(progressd.Reporter)
	for count := 0; count < b.N; count++ {
		reporter.Tick(float64(count))
	}
}
