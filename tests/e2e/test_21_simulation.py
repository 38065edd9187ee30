"""Bars that move by themselves: without writes, the same after a crash, told to watchers, and learned from."""

import os
import threading
import time

import pytest

from support import wait
from support.messages import job as messages, stage, stages
from support.rpc import Refused

SIMULATED, MEASURED, ESTIMATED = (messages.ProgressSource.Value("PROGRESS_SOURCE_" + name)
                                  for name in ("SIMULATED", "MEASURED", "ESTIMATED"))
MOVED, ENDED = (messages.EventKind.Value("EVENT_KIND_" + name) for name in ("MOVED", "ENDED"))
LOST = messages.ProgressFlag.Value("PROGRESS_FLAG_LOST")
STALLED = stages.JobState.Value("JOB_STATE_STALLED")
INVALID_ARGUMENT = 3


def simulate(client, job_id="job-1", name="transcribing", seconds=20, **fields):
    if seconds:
        fields["expected_duration"] = {"seconds": seconds}
    return client.call("SimulateProgress", job_id=job_id, stage=stage(name), **fields).progress_info


def read(client, job_id="job-1"):
    return client.call("GetProgress", job_id=job_id).progress_info


def until_fraction(client, fraction, job_id="job-1"):
    wait.until(lambda: read(client, job_id).fraction >= fraction, f"{job_id} has moved to {fraction}", 30)
    return read(client, job_id)


def run_job(client, job_id, seconds=0.3, **fields):
    """A short job through two stages, which others learn from."""
    client.call("CreateJob", job_id=job_id, **fields)
    client.call("UpdateProgress", job_id=job_id, stage=stage("transcribing"))
    start = read(client, job_id)
    wait.until(lambda: read(client, job_id).time_fraction > start.time_fraction, "time passes")
    threading.Event().wait(seconds)
    client.call("UpdateProgress", job_id=job_id, stage=stage("completed"))


def test_the_bar_rises_without_a_write_and_without_a_revision(daemon, client):
    first = simulate(client)
    assert (first.progress, first.source, first.revision) == (25, SIMULATED, 1)
    wait.until(lambda: "-wal" in " ".join(os.listdir(daemon.folder)), "the log is there")
    log = f"{daemon.store_path}-wal"
    before = os.stat(log).st_size, os.stat(log).st_mtime_ns, os.stat(daemon.store_path).st_mtime_ns
    seen = [first]
    deadline = time.monotonic() + 30
    while seen[-1].fraction < 0.32 and time.monotonic() < deadline:
        seen.append(read(client))
    assert seen[-1].fraction >= 0.32
    assert all(a.fraction <= b.fraction and a.time_fraction <= b.time_fraction for a, b in zip(seen, seen[1:]))
    assert {info.revision for info in seen} == {1}
    assert max(info.fraction for info in seen) < 0.5
    assert before == (os.stat(log).st_size, os.stat(log).st_mtime_ns, os.stat(daemon.store_path).st_mtime_ns)


def test_it_never_reaches_the_end_of_its_stage(client):
    simulate(client, seconds=1)
    info = until_fraction(client, 0.44)
    assert 44 <= info.progress <= 49 and info.fraction < 0.5


def test_it_is_never_lower_after_a_kill(daemon):
    with daemon.client() as client:
        simulate(client, seconds=30)
        before = until_fraction(client, 0.28)
    for _ in range(3):
        daemon.kill()
        daemon.start()
        with daemon.client() as client:
            after = read(client)
            assert after.fraction >= before.fraction and after.time_fraction >= before.time_fraction
            assert after.revision == before.revision and after.source == SIMULATED
            assert after.fraction < before.fraction + 0.1, "nor has it jumped"
            (listed,) = client.call("ListJobs").jobs
            assert listed.fraction >= after.fraction
            before = listed


def test_a_watcher_is_told_of_movement_and_then_of_the_end(daemon, client):
    simulate(client, seconds=20)
    events, token = [], ""
    with daemon.client() as watcher:
        while sum(event.kind == MOVED for event in events) < 5:
            answer = watcher.call("WatchProgress", job_id="job-1", resume_token=token, timeout={"seconds": 20})
            events += answer.events
            token = answer.resume_token
        client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
        while events[-1].kind != ENDED:
            answer = watcher.call("WatchProgress", job_id="job-1", resume_token=token, timeout={"seconds": 20})
            events += answer.events
            token = answer.resume_token
        assert not watcher.call("WatchProgress", job_id="job-1", resume_token=token,
                                timeout={"nanos": 600_000_000}).events
    moved = [event for event in events if event.kind == MOVED]
    assert all(event.previous_revision == event.progress_info.revision == 1 for event in moved)
    fractions = [event.progress_info.fraction for event in events]
    assert fractions == sorted(fractions)
    assert events[-1].progress_info.revision == 2


def test_one_who_watches_all_jobs_is_told_too(daemon, client):
    simulate(client, "job-1")
    simulate(client, "job-2")
    told, token = set(), ""
    with daemon.client() as watcher:
        while told != {"job-1", "job-2"}:
            answer = watcher.call("WatchJobs", resume_token=token, timeout={"seconds": 20})
            token = answer.resume_token
            told |= {event.progress_info.job_id for event in answer.events if event.kind == MOVED}


def test_reports_and_simulation_go_together(client):
    simulate(client, seconds=3600)
    half = client.call("UpdateProgressIncremental", job_id="job-1", stage=stage("transcribing"), done=1, total=2)
    assert half.progress_info.fraction >= 0.375
    assert half.progress_info.source in (MEASURED, ESTIMATED)
    later = client.call("UpdateProgressIncremental", job_id="job-1", stage=stage("transcribing"), done=51, total=100)
    assert later.progress_info.fraction >= half.progress_info.fraction


def test_the_duration_is_learned_and_the_end_is_known_with_history_only(daemon, client):
    assert not simulate(client, "before", seconds=None).HasField("eta")
    assert not read(client, "before").has_history
    for number in range(3):
        run_job(client, f"job-{number}", pipeline="quick", size_hint=2.0, worker="w1")
    client.call("CreateJob", job_id="next", pipeline="quick", size_hint=2.0, worker="w1")
    info = simulate(client, "next", seconds=None)
    assert info.has_history and 0 < info.eta.lo_seconds <= info.eta.seconds <= info.eta.hi_seconds < 600
    until_fraction(client, 0.3, "next")  # in seconds, not in the 420 s of the schema
    stats = client.call("GetPipelineStats", pipeline="quick")
    (row,) = [row for row in stats.stages if row.status == "transcribing"]
    assert row.jobs == 3 and row.lo_seconds < row.typical_seconds < row.hi_seconds and row.typical_seconds < 420
    assert {row.jobs for row in client.call("GetPipelineStats").stages} == {0}
    assert daemon.stop() == 0
    daemon.start()
    with daemon.client() as again:
        assert again.call("GetPipelineStats", pipeline="quick").stages[0].jobs == 3


def test_a_silent_worker_stops_the_bar(client):
    simulate(client, seconds=20, lease={"seconds": 1})
    wait.until(lambda: read(client).state == STALLED, "the lease has run out")
    held = read(client)
    assert held.flag == LOST and not held.HasField("eta") and not held.HasField("curve")
    threading.Event().wait(1)
    assert abs(read(client).fraction - held.fraction) < 1e-3


def test_simulation_in_a_batch(client):
    update = {"simulate_progress": {"job_id": "job-1", "stage": stage("analyzing")}}
    (result,) = client.call("BatchUpdateProgress", updates=[update]).results
    assert result.code == 0 and result.progress_info.source == SIMULATED
    (again,) = client.call("BatchUpdateProgress", updates=[update]).results
    assert again.revision == 1, "it is simulated already: nothing new"


@pytest.mark.parametrize("method, fields, field", [
    ("SimulateProgress", {"job_id": "j"}, "stage"),
    ("SimulateProgress", {"job_id": "j", "stage": stage("completed")}, "stage"),
    ("SimulateProgress", {"job_id": "j", "stage": 6, "expected_duration": {"seconds": -1}}, "expected_duration"),
    ("CreateJob", {"job_id": "j", "size_hint": -1.0}, "size_hint"),
    ("CreateJob", {"job_id": "j", "size_hint": float("nan")}, "size_hint"),
    ("CreateJob", {"job_id": "j", "worker": "no name"}, "worker"),
    ("CreateJob", {"job_id": "j", "class": "no name"}, "class"),
    ("GetPipelineStats", {"pipeline": "no name"}, "pipeline"),
])
def test_bad_fields_are_refused(client, method, fields, field):
    with pytest.raises(Refused) as refusal:
        client.call(method, **fields)
    assert refusal.value.code == INVALID_ARGUMENT and refusal.value.text.startswith(field + ":")


def test_the_command_line_shows_it(client, prg, ask_one, ask):
    for number in range(3):
        run_job(client, f"job-{number}", pipeline="quick")
    prg("create", "next", "--pipeline", "quick", "--size", "3", "--worker", "w1", "--class", "c1")
    assert ask_one("simulate", "next", "transcribing", "30")["source"] == "simulated"
    shown = ask_one("get", "next")
    assert shown["has_history"] and shown["eta"]["lo"] <= shown["eta"]["seconds"] <= shown["eta"]["hi"]
    text = prg("get", "next").stdout
    assert "ETA" in text and "unknown" not in text and "% of the time is over" in text
    client.call("UpdateProgress", job_id="other", stage=stage("downloading"))
    assert "unknown: no job of this pipeline has completed yet" in prg("get", "other").stdout
    assert "unknown" in [line for line in prg("list").stdout.splitlines() if line.startswith("other")][0]
    assert {row["jobs"] for row in ask("stats", "quick") if row["status"] == "transcribing"} == {3}
    assert "learned" in prg("stats", "quick").stdout
    assert "no job has completed yet" in prg("stats").stdout
