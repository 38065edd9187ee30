"""A relay of workers in several languages: each follows the same job, prints every change, and does its stages at its turn.

Usage: relay.py JOB NAME NEXT STAGE...
The turn is in the job's metadata; NEXT gets it after the last STAGE, unless that ends the job.
"""

import sys

from progressd import ProgressTracker

PARTS = 4


def run(tracker: ProgressTracker, job_id: str, name: str, successor: str, stages: "list[str]") -> None:
    """Do all the stages, part by part, and hand the job over."""
    for status in stages:
        info = tracker.update_progress_by_status(job_id, status, f"{name} begins")
        if info.HasField("end_time"):
            return
        for part in range(1, PARTS + 1):
            message = f"{name}: {part} of {PARTS}"
            tracker.update_progress_incremental(job_id, status, done=part, total=PARTS, message=message)
    message = f"{name} hands over to {successor}"
    tracker.update_progress_by_status(job_id, stages[-1], message, metadata={"turn": successor})


def main() -> None:
    """Follow the job to its end."""
    job_id, name, successor, *stages = sys.argv[1:]
    has_run = False
    with ProgressTracker() as tracker:
        for info in tracker.watch(job_id, every=True):
            print(f"{info.revision} {info.status} {info.progress}% {info.message}", flush=True)
            if not has_run and info.metadata.get("turn") == name:
                has_run = True
                run(tracker, job_id, name, successor, stages)


main()
