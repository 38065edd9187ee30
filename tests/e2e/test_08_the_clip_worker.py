"""A real video goes through the whole pipeline, whatever happens to the daemon meanwhile."""

import json
import re
import signal
import subprocess

import pytest

from support import video, wait
from support.events import Listener
from support.messages import job, stage, stages

FLOW = [
    "queued",
    "downloading",
    "downloaded",
    "uploading",
    "processing_started",
    "transcribing",
    "analyzing",
    "processing",
    "uploading_clips",
    "completed",
]
ENDED = job.EVENT_KIND_ENDED


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return video.make(tmp_path_factory.mktemp("film"))


@pytest.fixture
def serve():
    """Starts web servers; all are gone after the test."""
    started = []

    def start(path, **options):
        started.append(video.WebServer(path, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def start_worker(start_program, daemon, tmp_path):
    (tmp_path / "work").mkdir()

    def start(url, *, out=None):
        return start_program(
            "clip-worker",
            "--server",
            daemon.url,
            "--job",
            "job-1",
            "--work",
            str(tmp_path / "work"),
            "--out",
            out or str(tmp_path / "out"),
            url,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def finish(worker):
    """(exit status, what it said)"""
    _, said = worker.communicate(timeout=120)
    return worker.returncode, said


def check_flow(infos):
    """Every stage in its order, never backwards, from 0 to 100 %."""
    entered = [info.status for place, info in enumerate(infos) if place == 0 or info.status != infos[place - 1].status]
    assert entered == FLOW
    progress = [info.progress for info in infos]
    assert progress == sorted(progress)
    assert (progress[0], progress[-1]) == (0, 100)


def check_results(folder, figure):
    transcript = video.words((folder / "transcript.txt").read_text(encoding="utf-8"))
    spoken = video.words(" ".join(video.SENTENCES))
    understood = sum(word in transcript for word in spoken)
    assert understood > 0.6 * len(spoken), transcript
    clips = sorted(folder.glob("clip-*.mp4"))
    assert clips
    for clip in clips:
        check_plays(clip)
    figure(f"clip-worker: {understood} of {len(spoken)} words understood, {len(clips)} clips")
    assert json.loads((folder / "clips.json").read_text(encoding="utf-8"))


def check_plays(clip):
    shown = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-show_entries",
            "stream=codec_type,width,height:format=duration",
            "-of",
            "json",
            str(clip),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stderr == ""
    described = json.loads(shown.stdout)
    streams = {stream["codec_type"]: stream for stream in described["streams"]}
    assert set(streams) >= {"audio", "video"}
    assert streams["video"]["width"] * 16 == streams["video"]["height"] * 9
    assert float(described["format"]["duration"]) > 1


def test_a_video_goes_through_every_stage_in_order(daemon, client, serve, start_worker, film, tmp_path, figure):
    with Listener(daemon, "job-1") as listener:
        worker = start_worker(serve(film).url + "/video.mp4")
        status, said = finish(worker)
        assert status == 0, said
        events = listener.receive_until("job-1", ENDED)
    check_flow([event.progress_info for event in events])
    assert [event.previous_revision for event in events] == [event.progress_info.revision - 1 for event in events]
    assert {event.progress_info.progress for event in events} > {0, 5, 15, 18, 20, 25, 50, 70, 90, 100}
    check_results(tmp_path / "out", figure)
    history = client.call("GetJobHistory", job_id="job-1")
    assert [span.status for span in history.spans] == FLOW
    assert history.progress_info.state == stages.JOB_STATE_SUCCEEDED
    assert not list((tmp_path / "work").iterdir())


def test_the_daemon_is_killed_in_mid_job_and_the_worker_goes_on(daemon, serve, start_worker, film, tmp_path, figure):
    server = serve(film, holds=True)
    with Listener(daemon, "job-1") as listener:
        worker = start_worker(server.url + "/video.mp4")
        seen = [listener.receive().progress_info]
        while seen[-1].progress <= 5:
            seen.append(listener.receive().progress_info)
        daemon.kill()
    daemon.start()
    with daemon.client() as client:
        kept = client.call("GetProgress", job_id="job-1").progress_info
        assert (kept.revision, kept.progress) >= (seen[-1].revision, seen[-1].progress)
        seen = seen if kept.revision == seen[-1].revision else [*seen, kept]
        with Listener(daemon, "job-1") as listener:
            kept_now = client.call("GetProgress", job_id="job-1").progress_info
            server.go_on.set()
            rest = [event.progress_info for event in listener.receive_until("job-1", ENDED)]
            seen += [info for info in rest if info.revision > kept_now.revision]
        status, said = finish(worker)
        assert status == 0, said
        check_flow(seen)
        assert client.call("GetProgress", job_id="job-1").progress_info.attempt == 1
    check_results(tmp_path / "out", figure)


def test_a_video_that_is_not_there_fails_with_the_reason(client, serve, start_worker, film):
    status, said = finish(start_worker(serve(film).url + "/no-such-video.mp4"))
    assert status == 1
    info = client.call("GetProgress", job_id="job-1").progress_info
    assert (info.status, info.progress, info.state) == ("failed", 0, stages.JOB_STATE_FAILED)
    assert info.reached_progress == 5
    assert "404" in info.error and "404" in said


def test_what_is_no_video_fails_with_the_reason(client, serve, start_worker, tmp_path):
    (tmp_path / "text").write_text("this is no video\n" * 1000, encoding="utf-8")
    status, _ = finish(start_worker(serve(tmp_path / "text").url + "/video.mp4"))
    assert status == 1
    info = client.call("GetProgress", job_id="job-1").progress_info
    assert (info.status, info.reached_progress) == ("failed", 20)
    assert info.error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_cancels_the_job(client, serve, start_worker, film, tmp_path, number):
    server = serve(film, holds=True)
    worker = start_worker(server.url + "/video.mp4")
    assert server.is_half_way.wait(30)
    worker.send_signal(number)
    assert finish(worker)[0] == 130
    info = client.call("GetProgress", job_id="job-1").progress_info
    assert (info.status, info.progress, info.state) == ("cancelled", 0, stages.JOB_STATE_CANCELLED)
    assert re.search("SIG(INT|TERM)", info.error)
    assert not list((tmp_path / "work").iterdir())


def test_a_request_to_cancel_stops_the_worker(client, serve, start_worker, film):
    server = serve(film, holds=True)
    worker = start_worker(server.url + "/video.mp4")
    assert server.is_half_way.wait(30)
    client.call("CancelJob", job_id="job-1", reason="wrong video")
    server.go_on.set()
    status, said = finish(worker)
    assert status == 130, said
    info = client.call("GetProgress", job_id="job-1").progress_info
    assert info.status == "cancelled"
    assert "wrong video" in info.error


def test_the_results_arrive_by_put(client, serve, start_worker, film):
    server = serve(film)
    status, said = finish(start_worker(server.url + "/video.mp4", out=server.url + "/results/"))
    assert status == 0, said
    names = set(server.put)
    assert {
        "/results/transcript.txt",
        "/results/transcript.json",
        "/results/clips.json",
        "/results/clip-1.mp4",
    } <= names
    assert video.words(server.put["/results/transcript.txt"].decode())
    assert client.call("GetProgress", job_id="job-1").progress_info.metadata["results"].startswith(server.url)


def test_a_job_that_waits_in_the_queue_is_taken_up(client, start_worker, film):
    client.call("CreateJob", job_id="job-1", metadata={"video_id": "v"})
    status, said = finish(start_worker(film.as_uri()))
    assert status == 0, said
    info = client.call("GetProgress", job_id="job-1").progress_info
    assert (info.status, info.progress, info.attempt, info.metadata["video_id"]) == ("completed", 100, 1, "v")


def test_a_job_whose_worker_died_is_begun_again(client, serve, start_worker, film):
    server = serve(film, holds=True)
    first = start_worker(server.url + "/video.mp4")
    assert server.is_half_way.wait(30)
    wait.until(
        lambda: client.call("GetProgress", job_id="job-1").progress_info.stage == stage("downloading"), "it downloads"
    )
    first.kill()
    first.communicate()
    server.go_on.set()
    status, said = finish(start_worker(server.url + "/video.mp4"))
    assert status == 0, said
    info = client.call("GetProgress", job_id="job-1").progress_info
    assert (info.status, info.progress, info.attempt) == ("completed", 100, 2)


@pytest.mark.parametrize("arguments", [[], ["--colour", "url"], ["one", "two"], ["--job", "a b", "url"]])
def test_a_wrong_command_line_is_2(start_program, arguments):
    worker = start_program("clip-worker", *arguments, stderr=subprocess.PIPE, text=True)
    status, said = finish(worker)
    assert status == 2 and "clip-worker: " in said
