"""prg watch and prg run: in a pipe, on a terminal, over restarts of the daemon, and how they end."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

import pytest

from support import wait
from support.messages import stage


class Watch:
    """prg watch in a pipe."""

    def __init__(self, start_program, daemon, *arguments):
        self.process = start_program(
            "prg",
            "--server",
            daemon.url,
            "watch",
            *arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self):
        return self.process.stdout.readline()

    def rest(self):
        """(lines to come, exit status)"""
        out, _ = self.process.communicate(timeout=60)
        return out.splitlines(), self.process.returncode


@pytest.fixture
def watch(start_program, daemon):
    return lambda *arguments: Watch(start_program, daemon, *arguments)


@pytest.mark.parametrize("end, status", [("completed", 0), ("failed", 1), ("error", 1), ("cancelled", 1)])
def test_watch_in_a_pipe_ends_with_the_job(client, watch, end, status):
    client.call("CreateJob", job_id="job-1")
    watching = watch("job-1")
    assert watching.line() == "job-1 queued 0%\n"
    client.call("UpdateProgress", job_id="job-1", stage=stage("analyzing"), message="looking")
    assert watching.line() == "job-1 analyzing 50% looking\n"
    client.call("UpdateProgress", job_id="job-1", stage=stage(end), message="that was it")
    lines, exit_status = watching.rest()
    assert exit_status == status
    assert len(lines) == 1 and lines[0].startswith(f"job-1 {end} {0 if status else 100}%") and "that was it" in lines[0]
    assert ("reached 50%" in lines[0]) == (status == 1)


def test_watch_prints_one_json_object_a_line(client, watch):
    client.call("CreateJob", job_id="job-1")
    watching = watch("job-1", "--json")
    assert json.loads(watching.line())["status"] == "queued"
    client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    lines, status = watching.rest()
    assert status == 0
    assert json.loads(lines[-1])["state"] == "succeeded"


def test_watch_of_an_ended_job_tells_the_end_at_once(client, watch):
    client.call("UpdateProgress", job_id="job-1", stage=stage("failed"), message="no sound")
    assert watch("job-1").rest() == (["job-1 failed 0% no sound"], 1)


def test_watch_of_many_jobs_ends_with_the_last_and_badly_if_one_did(client, watch):
    for name in ("job-1", "job-2"):
        client.call("CreateJob", job_id=name)
    watching = watch("job-1", "job-2")
    assert {watching.line(), watching.line()} == {"job-1 queued 0%\n", "job-2 queued 0%\n"}
    client.call("UpdateProgress", job_id="job-1", stage=stage("failed"))
    assert watching.line().startswith("job-1 failed 0%")
    client.call("UpdateProgress", job_id="job-2", stage=stage("completed"))
    assert watching.rest() == (["job-2 completed 100%"], 1)


def test_watch_without_a_name_shows_all_live_jobs(client, watch):
    client.call("UpdateProgress", job_id="job-0", stage=stage("completed"))
    client.call("CreateJob", job_id="job-1")
    watching = watch()
    assert watching.line() == "job-1 queued 0%\n"
    client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    assert watching.rest() == (["job-1 completed 100%"], 0)


def test_watch_of_a_job_that_is_deleted_is_3(client, watch):
    client.call("CreateJob", job_id="job-1")
    watching = watch("job-1")
    watching.line()
    client.call("DeleteJob", job_id="job-1")
    assert watching.rest() == ([], 3)


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_watch_goes_on_over_a_restart_of_the_daemon(daemon, watch, how):
    with daemon.client() as client:
        client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"))
    watching = watch("job-1")
    assert watching.line() == "job-1 downloading 5%\n"
    getattr(daemon, how)()
    daemon.start()
    with daemon.client() as client:
        client.call("UpdateProgress", job_id="job-1", stage=stage("analyzing"))
        assert watching.line() == "job-1 analyzing 50%\n"
        client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    assert watching.rest() == (["job-1 completed 100%"], 0)


def test_watch_draws_a_bar_on_a_terminal(daemon, client, start_program):
    client.call("UpdateProgressExplicit", job_id="job-1", stage=stage("transcribing"), progress=40, message="listening")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    process = start_program("prg", "--server", daemon.url, "watch", "job-1", stdout=theirs, stdin=theirs, env=env)
    os.close(theirs)
    drawn = b""

    def shows(words):
        nonlocal drawn
        drawn += os.read(ours, 4096)
        return all(word in drawn for word in words)

    wait.until(lambda: shows([b"Transcribing audio", b"40%", b"listening", "█".encode()]), "the bar is drawn")
    client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    wait.until(lambda: shows([b"Completed", b"100%"]), "the end is drawn")
    os.close(ours)
    assert process.wait(timeout=30) == 0


# ---- run


@pytest.fixture
def gate(tmp_path):
    """A command can wait at it: `cat GATE`."""
    path = str(tmp_path / "gate")
    os.mkfifo(path)
    return path


def opened(path):
    with open(path, "w", encoding="utf-8"):
        pass


@pytest.mark.parametrize(
    "printed, percent",
    [
        ("[download]  40.0% of 10MiB at 1MiB/s", 9),
        ("40%", 9),
        ("12/20 files", 11),
        ("  6 / 8  ", 12),
        ("  Duration: 00:00:10.00, start: 0.0\nout_time_us=5000000\nprogress=continue", 10),
        (
            "  Duration: 00:00:10.00, start: 0.0\nframe=  1 fps=0.0 q=28.0 size= 0kB time=00:00:02.00 bitrate= 0.4kbits/s",
            7,
        ),
    ],
)
@pytest.mark.parametrize("stream", ["1", "2"])
def test_run_reports_what_the_command_prints(client, daemon, start_program, gate, printed, percent, stream):
    process = start_program(
        "prg",
        "--server",
        daemon.url,
        "run",
        "job-1",
        "downloading",
        "--",
        "sh",
        "-c",
        'printf "%s\\n" "$1" >&"$2"; cat "$3"',
        "sh",
        printed,
        stream,
        gate,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait.until(lambda: progress_of(client) == percent, f"{percent} % is reported")
    opened(gate)
    texts = process.communicate(timeout=60)
    assert process.returncode == 0
    assert texts[int(stream) - 1] == printed + "\n"
    assert progress_of(client) == 15


def progress_of(client):
    jobs = client.call("ListJobs").jobs
    return jobs[0].progress if jobs else None


def test_run_takes_the_total_of_ffmpeg_from_the_option(client, daemon, start_program, gate):
    process = start_program(
        "prg",
        "--server",
        daemon.url,
        "run",
        "--total",
        "20",
        "job-1",
        "downloading",
        "--",
        "sh",
        "-c",
        f"echo out_time_us=5000000; cat {gate}",
        stdout=subprocess.PIPE,
    )
    wait.until(lambda: progress_of(client) == 7, "a quarter is reported")
    opened(gate)
    assert process.wait(timeout=60) == 0


def test_run_reports_a_real_ffmpeg(client, prg):
    words = [
        "ffmpeg",
        "-hide_banner",
        "-nostdin",
        "-v",
        "error",
        "-progress",
        "pipe:1",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=64x64:rate=25:duration=2",
        "-f",
        "null",
        "-",
    ]
    completed = prg("run", "--total", "2", "job-1", "processing", "--complete", "--", *words)
    assert completed.returncode == 0, completed.stderr
    assert "progress=end" in completed.stdout
    history = client.call("GetJobHistory", job_id="job-1")
    assert [span.status for span in history.spans] == ["processing", "completed"]


@pytest.mark.parametrize("status", [0, 1, 7, 42])
def test_run_passes_the_exit_status_on(prg, status):
    completed = prg("run", "job-1", "downloading", "--", "sh", "-c", f"echo out; echo err >&2; exit {status}")
    assert (completed.returncode, completed.stdout) == (status, "out\n")
    assert "err\n" in completed.stderr


def test_run_says_how_the_command_ended_if_it_may(prg, ask_one):
    prg("run", "--complete", "--fail", "job-1", "downloading", "--", "true")
    assert ask_one("get", "job-1")["state"] == "succeeded"
    prg("run", "--complete", "--fail", "job-2", "downloading", "--", "sh", "-c", "echo 50%; exit 9")
    job = ask_one("get", "job-2")
    assert (job["state"], job["reached_progress"]) == ("failed", 10)
    assert "9" in job["error"]
    prg("run", "job-3", "downloading", "--", "sh", "-c", "echo 50%; exit 9")
    job = ask_one("get", "job-3")
    assert (job["state"], job["progress"]) == ("active", 10)
    assert "9" in job["message"]


def test_run_dies_as_the_command_did(prg):
    assert prg("run", "job-1", "downloading", "--", "sh", "-c", "kill -KILL $$").returncode == 128 + 9


def test_run_of_what_cannot_be_run_is_127_or_126(prg, tmp_path):
    assert prg("run", "job-1", "downloading", "--", "no-such-command").returncode == 127
    (tmp_path / "text").write_text("no program", encoding="utf-8")
    assert prg("run", "job-1", "downloading", "--", str(tmp_path / "text")).returncode == 126


def test_run_runs_the_command_also_without_a_service(daemon, prg):
    daemon.kill()
    completed = prg("run", "job-1", "downloading", "--timeout", "1s", "--", "sh", "-c", "echo 50%; exit 7")
    assert (completed.returncode, completed.stdout) == (7, "50%\n")
    assert "not reported" in completed.stderr or "reach" in completed.stderr


def test_run_passes_its_input_on(prg):
    assert prg("run", "job-1", "downloading", "--", "cat", input="hello\n").stdout == "hello\n"


# ---- cancel


def test_cancel_is_seen_by_the_worker_with_its_next_report(ask, ask_one):
    ask("update", "job-1", "downloading")
    assert ask_one("cancel", "job-1", "-m", "wrong video")["cancel_requested"] is True
    report = ask_one("advance", "job-1", "downloading", "1", "2")
    assert (report["cancel_requested"], report["cancel_reason"], report["state"]) == (True, "wrong video", "active")
    assert ask_one("update", "job-1", "cancelled")["state"] == "cancelled"


def test_cancel_ends_the_command_of_prg_run(daemon, client, ask, ask_one, start_program):
    endless = "n=0; while :; do n=$((n % 99 + 1)); echo $n%; sleep 0.05; done"
    process = start_program(
        "prg",
        "--server",
        daemon.url,
        "run",
        "--fail",
        "job-1",
        "downloading",
        "--",
        "sh",
        "-c",
        endless,
        stdout=subprocess.DEVNULL,
    )
    wait.until(lambda: progress_of(client), "it has begun")
    ask("cancel", "job-1")
    assert process.wait(timeout=60) == 128 + 15
    assert ask_one("get", "job-1")["state"] == "cancelled"
