"""A worker in ten lines."""

import sys

from progressd import PipelineStage, ProgressTracker


def transcribe(second: int) -> None:
    """Stands for the work."""


with ProgressTracker() as tracker:
    job_id = sys.argv[1] if len(sys.argv) > 1 else "job-1"
    for second in tracker.track(range(60), job_id, PipelineStage.TRANSCRIBING):
        transcribe(second)
    with tracker.stage(job_id, PipelineStage.UPLOADING_CLIPS) as stage:
        for sent in range(0, 1001, 100):
            stage.update(sent, 1000)
    tracker.update_progress(job_id, PipelineStage.COMPLETED, "all done")
