// Command relay is one of a relay of workers in several languages: each follows the same job, prints every change it sees, and
// does its own stages when it is its turn.
//
//	relay JOB NAME NEXT STAGE...
//
// The turn is in the job's metadata; NEXT gets it after the last STAGE, unless that ends the job.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	progressd "progressd/clients/go"
)

const parts = 4

type runner struct {
	tracker           *progressd.ProgressTracker
	jobID, name, next string
	stages            []string
	hasRun            bool
}

// doStage does a stage part by part; false: the job has ended with it.
func (r *runner) doStage(ctx context.Context, status string) (bool, error) {
	begins := progressd.WithMessage(r.name + " begins")
	info, err := r.tracker.UpdateProgressByStatus(ctx, r.jobID, status, begins)
	if err != nil || progressd.IsFinal(info.GetState()) {
		return false, err
	}
	for part := 1; part <= parts; part++ {
		message := progressd.WithMessage(fmt.Sprintf("%s: %d of %d", r.name, part, parts))
		_, err := r.tracker.UpdateProgressIncremental(ctx, r.jobID, info.GetStage(), float64(part), parts, message)
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *runner) run(ctx context.Context) error {
	for _, status := range r.stages {
		if goesOn, err := r.doStage(ctx, status); err != nil || !goesOn {
			return err
		}
	}
	message := progressd.WithMessage(r.name + " hands over to " + r.next)
	turn := progressd.WithMetadata(map[string]string{"turn": r.next})
	_, err := r.tracker.UpdateProgressByStatus(ctx, r.jobID, r.stages[len(r.stages)-1], message, turn)
	return err
}

func (r *runner) follow(ctx context.Context) error {
	watch, err := r.tracker.Watch(ctx, r.jobID, progressd.WatchEvery())
	if err != nil {
		return err
	}
	defer watch.Close()
	for {
		info, err := watch.Next()
		if err != nil {
			return err
		}
		fmt.Printf("%d %s %d%% %s\n", info.GetRevision(), info.GetStatus(), info.GetProgress(), info.GetMessage())
		if !r.hasRun && info.GetMetadata()["turn"] == r.name {
			r.hasRun = true
			if err := r.run(ctx); err != nil {
				return err
			}
		}
	}
}

func main() {
	if len(os.Args) < 5 {
		log.Fatal("usage: relay JOB NAME NEXT STAGE...")
	}
	tracker, err := progressd.NewProgressTracker("")
	if err != nil {
		log.Fatal(err)
	}
	defer tracker.Close()
	one := &runner{tracker: tracker, jobID: os.Args[1], name: os.Args[2], next: os.Args[3], stages: os.Args[4:]}
	if err := one.follow(context.Background()); !errors.Is(err, io.EOF) {
		log.Fatal(err)
	}
}
