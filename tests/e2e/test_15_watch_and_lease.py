"""The life of a job over the wire: watching without gaps over crashes, leases, cancelling, batches, and deletion."""

import multiprocessing
import os
import signal
import threading
import time

import pytest

from support import rpc
from support.messages import job as messages, service, stage, stages
from support.rpc import Refused
from support.watcher import Watcher
from support.still import still

LEASE = 1  # seconds
NOT_FOUND, FAILED_PRECONDITION, ABORTED = 5, 9, 10
STALLED, ACTIVE, SUCCEEDED, FAILED = (stages.JobState.Value("JOB_STATE_" + name)
                                      for name in ("STALLED", "ACTIVE", "SUCCEEDED", "FAILED"))
SNAPSHOT, ENDED, DELETED = (messages.EventKind.Value("EVENT_KIND_" + name) for name in ("SNAPSHOT", "ENDED", "DELETED"))


@pytest.fixture
def watch(daemon):
    watchers = []

    def watch(job_id=None, **options):
        watchers.append(Watcher(daemon, job_id, **options))
        return watchers[-1]

    yield watch
    for watcher in watchers:
        watcher.leave()


def in_background(work):
    """Runs it in a thread; a function that waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()

    def result():
        thread.join(90)
        assert results, "the thread has failed"
        return results[0]

    return result


def work_through(daemon):
    """A worker that is killed and started anew with its daemon, and repeats what was not acknowledged."""
    steps = [("downloading", n / 10) for n in range(1, 10)] + [("transcribing", n / 10) for n in range(1, 10)]
    for number, (name, fraction) in enumerate(steps, start=1):
        with daemon.client() as client:
            client.call("UpdateProgressIncremental", job_id="job-1", stage=stage(name), fraction=fraction, writer="w",
                        sequence=number)
        if number % 6 == 0:
            daemon.kill()
            daemon.start()
    with daemon.client() as client:
        client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
        return client.call("GetProgress", job_id="job-1").progress_info


def test_a_watch_from_before_the_creation_to_the_end_over_kills(daemon, watch):
    watcher = watch("job-1", wait_for_creation=True)
    told = in_background(lambda: watcher.look_until(lambda event: event.progress_info.state == SUCCEEDED))
    final = work_through(daemon)
    last = told()
    assert still(last.progress_info) == still(final)
    assert watcher.events[-1] == last, "the end comes last"
    assert [event.kind for event in watcher.events].count(ENDED) <= 1
    assert watcher.resyncs <= 3, "at most one for each new start"
    assert watcher.look(0) == []


def test_a_watch_sees_every_change_of_the_present_daemon(daemon, client, watch):
    watcher = watch("job-1", wait_for_creation=True)
    told = in_background(lambda: watcher.look_until(lambda event: event.kind == ENDED))
    for number in range(1, 200):
        client.call("UpdateProgressIncremental", job_id="job-1", stage=stage("downloading"), done=number, total=200)
    client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    told()
    revisions = [event.progress_info.revision for event in watcher.events]
    assert revisions == list(range(revisions[0], 201))
    assert watcher.resyncs == 0


def test_the_latest_state_comes_with_a_count_of_what_was_merged(client, watch):
    client.call("CreateJob", job_id="job-1")
    watcher = watch("job-1", mode="WATCH_MODE_LATEST")
    watcher.look()
    for number in range(1, 11):
        client.call("UpdateProgressIncremental", job_id="job-1", stage=stage("downloading"), done=number, total=10)
    client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    watcher.known = {}
    (event,) = watcher.look()
    assert (event.kind, event.merged, event.progress_info.progress) == (ENDED, 10, 100)


def test_all_jobs_are_watched_over_a_restart_with_one_resync(daemon, watch):
    with daemon.client() as client:
        for number in range(30):
            client.call("CreateJob", job_id=f"job-{number}")
    watcher = watch()
    assert len(watcher.look()) == 30
    daemon.kill()
    daemon.start()
    watcher.leave()
    assert len(watcher.look()) == 30
    assert watcher.resyncs == 1
    with daemon.client() as client:
        client.call("UpdateProgress", job_id="job-7", stage=stage("failed"))
    (event,) = watcher.look()
    assert (event.kind, event.progress_info.job_id) == (ENDED, "job-7")
    assert watcher.resyncs == 1


def test_a_silent_worker_stalls_and_comes_back(client, watch):
    sign = client.call("UpdateProgressIncremental", job_id="job-1", stage=stage("downloading"), fraction=0.5,
                       lease={"nanos": 300_000_000}).progress_info
    watcher = watch("job-1")
    event = watcher.look_until(lambda event: event.progress_info.state == STALLED)
    silence = event.progress_info.update_time.ToMilliseconds() - sign.update_time.ToMilliseconds()
    assert 290 <= silence <= 300 + 1000
    assert event.progress_info.progress == 10
    beat = client.call("Heartbeat", job_id="job-1", lease={"seconds": 60}).progress_info
    assert beat.state == ACTIVE
    event = watcher.look_until(lambda event: event.progress_info.state == ACTIVE)
    assert still(event.progress_info) == still(beat)


def test_a_worker_that_beats_does_not_stall(client, watch):
    client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"), lease={"seconds": 2})
    for _ in range(30):
        beat = client.call("Heartbeat", job_id="job-1").progress_info
        assert (beat.state, beat.revision) == (ACTIVE, 1)
        time.sleep(0.1)


# ---- workers that are killed or frozen


def beat_for_ever(url, report):
    """A worker: begins the first attempt, beats, and reports with which codes it is told to stop."""
    with rpc.Client(url) as client:
        client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"), attempt=1, lease={"seconds": LEASE})
        report.send("begun")
        try:
            while True:
                client.call("Heartbeat", job_id="job-1", attempt=1)
                time.sleep(LEASE / 20)
        except Refused as refused:
            report.send(refused.code)
        update = {"job_id": "job-1", "stage": stage("completed"), "attempt": 1}
        report.send(client.reply("UpdateProgress", **update)[0].code)


def reported(reports):
    assert reports.poll(60), "the worker does not report"
    return reports.recv()


@pytest.fixture
def beating_worker(daemon):
    """A process, and where its reports come."""
    reports, report = multiprocessing.Pipe(duplex=False)
    worker = multiprocessing.get_context("fork").Process(target=beat_for_ever, args=(daemon.url, report))
    worker.start()
    assert reported(reports) == "begun"
    yield worker, reports
    worker.kill()
    worker.join()


def wait_for_stall(client, watcher):
    """How long it took from the last sign of life to the stall, in seconds and by the service's clock."""
    event = watcher.look_until(lambda event: event.progress_info.state == STALLED)
    info = client.call("GetProgress", job_id="job-1").progress_info
    assert still(info) == still(event.progress_info)
    last_sign_ms = info.lease_expire_time.ToMilliseconds() - LEASE * 1000
    return (info.update_time.ToMilliseconds() - last_sign_ms) / 1000


def test_a_killed_worker_is_stalled_within_its_lease_and_a_second(client, watch, beating_worker, figure):
    worker, _ = beating_worker
    watcher = watch("job-1")
    watcher.look()
    worker.kill()
    silence = wait_for_stall(client, watcher)
    figure(f"stalled {silence - LEASE:+.3f} s after a lease of {LEASE} s since the last sign of a worker that was killed")
    assert LEASE - 0.05 <= silence <= LEASE + 1


def test_a_frozen_worker_that_wakes_up_is_fenced(client, watch, beating_worker):
    worker, reports = beating_worker
    watcher = watch("job-1")
    os.kill(worker.pid, signal.SIGSTOP)
    assert wait_for_stall(client, watcher) <= LEASE + 1
    client.call("UpdateProgress", job_id="job-1", stage=stage("queued"), attempt=2)
    before = client.call("UpdateProgressIncremental", job_id="job-1", stage=stage("transcribing"), fraction=0.5).progress_info
    os.kill(worker.pid, signal.SIGCONT)
    assert [reported(reports), reported(reports)] == [ABORTED, ABORTED], "its heartbeat, and its end"
    assert still(client.call("GetProgress", job_id="job-1").progress_info) == still(before)
    seen = watcher.look_until(lambda event: event.progress_info.revision == before.revision)
    assert still(seen.progress_info) == still(before)


def test_an_old_worker_is_fenced(client):
    client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"), lease={"seconds": 60})
    client.call("UpdateProgress", job_id="job-1", stage=stage("queued"), attempt=2)
    for method, fields in (("Heartbeat", {}), ("UpdateProgress", {"stage": stage("analyzing")})):
        with pytest.raises(Refused) as refused:
            client.call(method, job_id="job-1", attempt=1, **fields)
        assert refused.value.code == ABORTED


def test_a_lost_worker_fails_its_job(daemon, watch):
    with daemon.client() as client:
        client.call("CreateJob", job_id="job-1", lost_after={"nanos": 200_000_000})
        watcher = watch("job-1")
        watcher.look()
        client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"), lease={"nanos": 200_000_000})
    event = watcher.look_until(lambda event: event.progress_info.state == FAILED)
    assert event.kind == ENDED
    assert event.progress_info.error.startswith("LOST")
    assert [event.progress_info.state for event in watcher.events] == [ACTIVE, ACTIVE, STALLED, FAILED]


def test_a_worker_that_died_with_the_daemon_stalls_after_the_restart(daemon, watch):
    with daemon.client() as client:
        client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"), lease={"nanos": 300_000_000})
    daemon.kill()
    daemon.start()
    watch("job-1").look_until(lambda event: event.progress_info.state == STALLED)


def test_a_wish_for_the_end_is_in_every_answer_to_the_worker(client):
    client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"))
    client.call("CancelJob", job_id="job-1", reason="not needed")
    client.call("CancelJob", job_id="job-1", reason="too late")
    answers = [client.call("Heartbeat", job_id="job-1").progress_info,
               client.call("UpdateProgress", job_id="job-1", stage=stage("downloading")).progress_info,
               client.call("GetProgress", job_id="job-1").progress_info,
               client.call("UpdateProgress", job_id="job-1", stage=stage("completed")).progress_info]
    assert all(info.cancel_requested and info.cancel_reason == "not needed" for info in answers)
    assert answers[-1].state == SUCCEEDED, "a job that completes anyway has completed"
    with pytest.raises(Refused) as refused:
        client.call("CancelJob", job_id="job-1")
    assert refused.value.code == FAILED_PRECONDITION


def batch(count, **fields):
    update = [{"update_progress_incremental": service.UpdateProgressIncrementalRequest(
        job_id=f"job-{number % 50}", stage=stage("downloading"), done=1 + number // 50, total=100, **fields)}
              for number in range(count)]
    return {"updates": update}


def test_a_batch_of_a_thousand_is_safe_when_it_is_answered(daemon, client, watch):
    watcher = watch()
    watcher.look()
    results = client.call("BatchUpdateProgress", **batch(1000)).results
    assert [(result.code, result.revision) for result in results] == [(0, 1 + number // 50) for number in range(1000)]
    daemon.kill()
    daemon.start()
    with daemon.client() as client:
        jobs = client.call("ListJobs", page_size=100).jobs
    assert len(jobs) == 50
    assert {(info.revision, info.done) for info in jobs} == {(20, 20)}


def test_a_batch_that_comes_again_changes_nothing(client):
    def send():
        updates = [{"update_progress": service.UpdateProgressRequest(job_id="job-1", stage=stage("downloading"),
                                                                     message=str(number), writer="w", sequence=number)}
                   for number in range(1, 21)]
        return client.call("BatchUpdateProgress", updates=updates).results

    assert {result.outcome for result in send()} == {messages.UPDATE_OUTCOME_APPLIED}
    assert {result.outcome for result in send()} == {messages.UPDATE_OUTCOME_DUPLICATE}
    assert client.call("GetProgress", job_id="job-1").progress_info.revision == 20


def test_a_finished_job_is_deleted_after_its_time_and_that_is_told(client, watch):
    client.call("CreateJob", job_id="job-1", ttl={"seconds": 1})
    client.call("CreateJob", job_id="job-2", ttl={"seconds": 1})
    client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    one, everything = watch("job-1"), watch()
    one.look()
    everything.look()
    assert one.look_until(lambda event: event.kind == DELETED)
    assert everything.look_until(lambda event: event.kind == DELETED and event.progress_info.job_id == "job-1")
    with pytest.raises(Refused) as refused:
        one.look()
    assert refused.value.code == NOT_FOUND
    assert client.call("GetProgress", job_id="job-2").progress_info.state == ACTIVE, "a live job has all the time it wants"


def test_no_token_stops_the_daemon(daemon, client):
    client.call("CreateJob", job_id="job-1")
    for token in ("x", "0", "0.0.0.0.0.0.0", "0.0.0.0.8000000000000000.0.0", "-1.0.0.0.0.0.0", "1.2.3.4.5.6.7",
                  "f" * 16 + ".0" * 6, ".".join(["f" * 16] * 7), "0" * 119, "0.0.0.0.0.0.0.0"):
        for method, fields in (("WatchProgress", {"job_id": "job-1"}), ("WatchJobs", {})):
            try:
                client.call(method, resume_token=token, timeout={}, **fields)
            except Refused as refused:
                assert refused.reason == "RESUME_TOKEN_INVALID"
    assert daemon.process.poll() is None, daemon.log()
    assert client.call("GetProgress", job_id="job-1").progress_info.revision == 1
