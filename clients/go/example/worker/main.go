// Command worker is a worker in ten lines.
package main

import (
	"context"
	"log"
	"os"

	progressd "progressd/clients/go"
	"progressd/gen/go/stage"
)

func transcribe(second int) {
	_ = second // stands for the work
}

func work(ctx context.Context, tracker *progressd.ProgressTracker, jobID string) error {
	reporter, err := tracker.StartReporter(ctx, jobID, stage.Transcribing, 60)
	if err != nil {
		return err
	}
	defer reporter.Stop()
	for second := 0; second < 60; second++ {
		if transcribe(second); reporter.Tick(float64(second + 1)) {
			return reporter.Err() // somebody wants it to stop
		}
	}
	if _, err = reporter.Finish(ctx); err == nil {
		_, err = tracker.UpdateProgress(ctx, jobID, stage.Completed, progressd.WithMessage("all done"))
	}
	return err
}

func main() {
	tracker, err := progressd.NewProgressTracker("")
	if err != nil {
		log.Fatal(err)
	}
	defer tracker.Close()
	jobID := "job-1"
	if len(os.Args) > 1 {
		jobID = os.Args[1]
	}
	if err := work(context.Background(), tracker, jobID); err != nil {
		log.Fatal(err)
	}
}
