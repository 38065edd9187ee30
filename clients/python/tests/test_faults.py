"""Lost requests, lost and repeated answers, duplicated requests, killed daemons: the effects are those of the updates."""

import random

from support.proxy import Proxy, seed

from progressd import PipelineStage, ProgressTracker

FAULTS = 1000
KILL_EVERY = 250
JOBS = 3


def test_effects_equal_the_distinct_updates(daemon):
    proxy = Proxy(daemon.url, f"{daemon.folder}/proxy.sock", random.Random(seed()))
    updates = 0
    with ProgressTracker(proxy.url, timeout=60) as tracker:
        while proxy.faults < FAULTS:
            job = f"job-{updates % JOBS}"
            info = tracker.update_progress(job, PipelineStage.DOWNLOADING, f"update {updates}")
            assert info.message == f"update {updates}"
            updates += 1
            if updates % KILL_EVERY == 0:
                daemon.kill()
                daemon.start()
    proxy.close()
    with ProgressTracker(daemon.url) as tracker:
        revisions = [tracker.get_progress(f"job-{number}").revision for number in range(JOBS)]
    assert sum(revisions) == updates
