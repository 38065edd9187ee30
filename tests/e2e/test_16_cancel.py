"""Somebody wants a job to end, or its worker falls silent."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from support import video, wait
from support.messages import stage, stages

SOON = 5  # seconds; it takes one when the machine is idle
LEASE = 1.5


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """Minutes of speech, so that it takes a while to listen to."""
    folder = tmp_path_factory.mktemp("speech")
    return run_ffmpeg(folder / "long.mp4", "-stream_loop", "15", "-i", str(video.make(folder)), "-c", "copy")


@pytest.fixture(scope="module")
def silence(tmp_path_factory):
    """Pictures without sound, so that there is nothing to listen to and much to encode."""
    picture = "testsrc2=size=320x180:rate=25:duration=90"
    return run_ffmpeg(tmp_path_factory.mktemp("silence") / "silent.mp4", "-f", "lavfi", "-i", picture, "-preset", "ultrafast")


def run_ffmpeg(path, *arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *arguments, str(path)], check=True)
    return path


@pytest.fixture
def held_server(silence):
    """Hands out half of a video, and then nothing more until it is told to."""
    server = video.WebServer(silence, holds=True)
    yield server
    server.close()


@pytest.fixture
def start_worker(start_program, daemon, tmp_path):
    (tmp_path / "work").mkdir()

    def start(source, *options):
        return start_program("clip-worker", "--server", daemon.url, "--job", "job-1", "--work", str(tmp_path / "work"), "--out",
                             str(tmp_path / "out"), *options, source, stderr=subprocess.PIPE, text=True)

    return start


def seen(client):
    return client.call("GetProgress", job_id="job-1").progress_info


def wait_for_stage(client, name):
    """Until the job, which may not be there yet, is in that stage."""

    def is_there():
        return any(info.stage == stage(name) for info in client.call("ListJobs").jobs)

    wait.until(is_there, f"the job is in {name}", 60)


def group_of_ffmpeg(worker):
    """The process group that the worker's ffmpeg leads; None: it runs none."""
    children = pathlib.Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text(encoding="ascii").split()
    for child in children:
        try:
            if pathlib.Path(f"/proc/{child}/comm").read_text(encoding="utf-8") == "ffmpeg\n":
                return os.getpgid(int(child))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return None


def is_gone(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def check_cancelled(client, worker, reason):
    _, said = worker.communicate(timeout=60)
    assert worker.returncode == 130, said
    info = seen(client)
    assert (info.status, info.progress, info.state) == ("cancelled", 0, stages.JOB_STATE_CANCELLED)
    assert info.cancel_requested and info.cancel_reason == reason
    assert reason in info.error


@pytest.mark.parametrize("name, film", [("transcribing", "speech"), ("processing", "silence")])
def test_cancel_stops_ffmpeg_and_the_worker(client, prg, start_worker, request, tmp_path, figure, name, film):
    worker = start_worker(request.getfixturevalue(film).as_uri())
    wait_for_stage(client, name)
    group = wait.until(lambda: group_of_ffmpeg(worker), "ffmpeg runs")
    assert group != os.getpgid(worker.pid)
    asked = time.monotonic()
    assert prg("cancel", "job-1", "wrong video").returncode == 0
    wait.until(lambda: is_gone(group), "ffmpeg is gone", SOON)
    gone = time.monotonic() - asked
    check_cancelled(client, worker, "wrong video")
    figure(f"cancel in {name}: ffmpeg gone after {gone:.2f} s, the worker after {time.monotonic() - asked:.2f} s")
    assert seen(client).reached_progress >= (25 if name == "transcribing" else 70)
    assert not list((tmp_path / "work").iterdir())


def test_cancel_is_heard_while_nothing_moves(client, prg, start_worker, held_server):
    worker = start_worker(held_server.url + "/video.mp4")
    assert held_server.is_half_way.wait(30)
    wait_for_stage(client, "downloading")
    asked = time.monotonic()
    assert prg("cancel", "job-1", "no room for it").returncode == 0
    check_cancelled(client, worker, "no room for it")
    assert time.monotonic() - asked < SOON


def test_cancel_before_the_worker_comes(client, prg, start_worker, silence):
    assert prg("create", "job-1").returncode == 0
    assert prg("cancel", "job-1", "too late").returncode == 0
    check_cancelled(client, start_worker(silence.as_uri()), "too late")


def test_a_job_that_completes_anyway_is_completed(ask, ask_one):
    ask("update", "job-1", "processing")
    ask("cancel", "job-1", "never mind")
    assert ask_one("advance", "job-1", "processing", "1", "2")["cancel_requested"] is True
    done = ask_one("update", "job-1", "completed")
    assert (done["state"], done["progress"], done["cancel_requested"]) == ("succeeded", 100, True)
    assert done["cancel_reason"] == "never mind"


def test_the_reason_is_given_once(ask_one, prg):
    prg("create", "job-1")
    assert prg("cancel", "job-1", "this", "-m", "that").returncode == 2
    assert ask_one("get", "job-1")["cancel_requested"] is False
    assert ask_one("cancel", "job-1")["cancel_requested"] is True


def test_cancel_ends_a_command_that_prints_nothing(client, daemon, prg, start_program):
    running = start_program("prg", "--server", daemon.url, "run", "--fail", "job-1", "downloading", "--", "sleep", "60")
    wait_for_stage(client, "downloading")
    assert prg("cancel", "job-1").returncode == 0
    assert running.wait(timeout=SOON) == 128 + signal.SIGTERM
    assert seen(client).state == stages.JOB_STATE_CANCELLED


# ---- silence


class Watch:
    """prg watch in a pipe."""

    def __init__(self, start_program, daemon):
        self.process = start_program("prg", "--server", daemon.url, "watch", "job-1", stdout=subprocess.PIPE, text=True)

    def wait_for(self, is_stalled):
        line = self.process.stdout.readline()
        while ("(stalled)" in line) != is_stalled:
            assert line, "the watch has ended"
            line = self.process.stdout.readline()


@pytest.fixture
def watched_worker(client, daemon, start_program, start_worker, held_server):
    """A worker with a short lease that waits for the rest of its download, and somebody who watches it."""
    worker = start_worker(held_server.url + "/video.mp4", "--lease", str(LEASE))
    assert held_server.is_half_way.wait(30)
    wait_for_stage(client, "downloading")
    watch = Watch(start_program, daemon)
    watch.wait_for(is_stalled=False)
    return worker, watch


def test_a_worker_that_was_killed_is_stalled_until_there_is_a_sign(client, watched_worker, figure):
    worker, watch = watched_worker
    worker.kill()
    killed = time.monotonic()
    watch.wait_for(is_stalled=True)
    silent = time.monotonic() - killed
    figure(f"stalled {silent - LEASE:+.2f} s after a lease of {LEASE} s since kill -9")
    assert LEASE / 2 < silent < LEASE + SOON
    info = seen(client)
    assert info.state == stages.JOB_STATE_STALLED
    late = info.update_time.ToMilliseconds() - info.lease_expire_time.ToMilliseconds()
    assert -50 <= late <= 1000, "by the service's clock, since the lease ran out"
    client.call("Heartbeat", job_id="job-1")
    watch.wait_for(is_stalled=False)
    assert seen(client).state == stages.JOB_STATE_ACTIVE


def test_a_worker_that_waits_is_not_stalled(client, watched_worker):
    wait.until(lambda: seen(client).total > 1 and seen(client).done > 0, "half of the download is reported")
    info = seen(client)
    answer = client.call("WaitProgress", job_id="job-1", after_revision=info.revision, timeout={"seconds": 4})
    assert answer.timed_out, "to be stalled and active again would be two changes"
    assert answer.progress_info.state == stages.JOB_STATE_ACTIVE


def test_a_worker_that_was_frozen_goes_on(client, watched_worker, held_server):
    worker, watch = watched_worker
    worker.send_signal(signal.SIGSTOP)
    watch.wait_for(is_stalled=True)
    worker.send_signal(signal.SIGCONT)
    watch.wait_for(is_stalled=False)
    client.call("CancelJob", job_id="job-1", reason="seen enough")
    held_server.go_on.set()
    check_cancelled(client, worker, "seen enough")


def test_a_worker_that_was_frozen_gives_way_to_another(client, watched_worker, start_worker, held_server):
    worker, watch = watched_worker
    worker.send_signal(signal.SIGSTOP)
    watch.wait_for(is_stalled=True)
    other = start_worker(held_server.url + "/video.mp4")
    wait.until(lambda: seen(client).attempt == 2, "another worker has taken over")
    worker.send_signal(signal.SIGCONT)
    _, said = worker.communicate(timeout=60)
    assert worker.returncode == 130 and "taken over" in said
    info = seen(client)
    assert (info.attempt, info.state) == (2, stages.JOB_STATE_ACTIVE)
    other.kill()
