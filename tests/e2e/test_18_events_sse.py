"""Server-sent events: a snapshot first, every change, resuming, resets, heartbeats, slow readers."""

import socket

import pytest

from support import wait
from support.web import Web


def test_a_snapshot_and_then_every_change_of_the_jobs_asked_for(web):
    web.update("a", "downloading")
    web.update("b", "analyzing")
    web.update("c", "queued")
    with web.events("/api/events?job=a&job=b") as events:
        assert events.response.status == 200
        assert events.response.getheader("content-type") == "text/event-stream"
        assert "no-store" in events.response.getheader("cache-control")
        snapshot = events.take(2)
        assert [(event.name, event.job()["jobId"]) for event in snapshot] == [("progress", "b"), ("progress", "a")]
        assert events.retry == "2000"
        web.update("c", "downloading")
        web.update("a", "transcribing")
        web.update("b", "failed")
        told = [event.job() for event in events.take(2)]
        assert [(job["jobId"], job["revision"], job["status"]) for job in told] == [("a", "2", "transcribing"),
                                                                                   ("b", "2", "failed")]


def test_one_answer_has_the_whole_state(web):
    web.update("a", "downloading", message="hello", metadata={"k": "v"})
    with web.events("/api/events?job=a") as events:
        job = events.next().job()
    assert (job["jobId"], job["progress"], job["message"], job["metadata"], job["state"]) == (
        "a", 5, "hello", {"k": "v"}, "JOB_STATE_ACTIVE")
    assert job["cancelRequested"] is False, "defaults are shown"


def test_jobs_that_have_ended_are_in_the_snapshot_when_they_are_named(web):
    web.update("done", "completed")
    web.update("live", "queued")
    with web.events("/api/events?job=done,live,unborn") as events:
        assert {event.job()["jobId"] for event in events.take(2)} == {"done", "live"}
        web.update("unborn", "queued")
        assert events.next().job()["jobId"] == "unborn"


def test_without_names_all_live_jobs_pass_and_filters_choose(web):
    web.update("clip-1", "downloading")
    web.update("film-1", "downloading")
    web.update("clip-2", "completed")
    with web.events() as events, web.events("/api/events?prefix=clip-") as clips:
        assert {event.job()["jobId"] for event in events.take(2)} == {"clip-1", "film-1"}
        assert clips.next().job()["jobId"] == "clip-1"
        web.update("film-1", "analyzing")
        web.update("clip-3", "queued")
        assert [event.job()["jobId"] for event in events.take(2)] == ["film-1", "clip-3"]
        assert clips.next().job()["jobId"] == "clip-3"


def test_the_last_id_goes_on_without_a_gap_and_without_a_repeat(web):
    web.update("a", "queued")
    with web.events("/api/events?job=a&job=b") as events:
        last_id = events.next().id
        assert last_id
    for stage in ("downloading", "transcribing", "analyzing"):
        web.update("a", stage)
    for fields, query in (({"Last_Event_ID": last_id}, ""), ({}, "&last_event_id=" + last_id)):
        with web.events("/api/events?job=a&job=b" + query, **fields) as events:
            told = events.take(3)
            assert [event.job()["revision"] for event in told] == ["2", "3", "4"]
            assert {event.name for event in told} == {"progress"}


def test_changes_over_many_connections_are_each_told_once(web):
    web.update("a", "transcribing")
    revisions, last_id = [], ""
    expected = [str(number) for number in range(1, 201)]
    for number in range(2, 201):
        web.call("UpdateProgressExplicit", {"jobId": "a", "stage": "PIPELINE_STAGE_TRANSCRIBING",
                                            "progress": 25, "message": f"change {number}"})
        if number % 20:
            continue
        with web.events("/api/events?job=a&mode=all", Last_Event_ID=last_id) as events:
            while not revisions or revisions[-1] != str(number):
                event = events.next()
                revisions.append(event.job()["revision"])
                last_id = event.id
    assert revisions == ["20"] + expected[20:], "a snapshot first, then every one"


@pytest.mark.parametrize("token", ["garbage", "1.2.3", "0.0.0.0.0.0.0", "x" * 1000])
def test_a_token_that_leads_nowhere_gets_a_reset_and_a_snapshot(web, token):
    web.update("a", "downloading")
    with web.events("/api/events?job=a", Last_Event_ID=token) as events:
        reset, snapshot = events.take(2)
        assert (reset.name, reset.data) == ("reset", "{}")
        assert (snapshot.name, snapshot.job()["progress"]) == ("progress", 5)
        web.update("a", "analyzing")
        assert events.next().job()["progress"] == 50


def test_a_restart_of_the_daemon_is_a_reset(daemon):
    web = Web(daemon)
    web.update("a", "downloading")
    web.update("b", "queued")
    with web.events("/api/events?job=a&job=b") as events:
        last_id = events.take(2)[1].id
    daemon.kill()
    daemon.start()
    with Web(daemon).events("/api/events?job=a&job=b", Last_Event_ID=last_id) as events:
        reset, *snapshot = events.take(3)
        assert reset.name == "reset"
        assert {event.job()["jobId"] for event in snapshot} == {"a", "b"}


def test_the_deletion_of_a_job_is_told(web):
    web.update("a", "downloading")
    with web.events("/api/events?job=a") as events:
        events.next()
        assert web.call("DeleteJob", {"jobId": "a"}).status == 200
        gone = events.next()
        assert (gone.name, gone.job()["jobId"]) == ("deleted", "a")


def test_a_silent_stream_beats(start_daemon):
    web = Web(start_daemon("--http-heartbeat", "1"))
    with web.events() as events:
        while "heartbeat" not in (events.block() or {}).get("comment", ""):
            pass
        while events.comments.count(": heartbeat") < 3:
            assert events.block() is not None
        web.update("a", "queued")
        assert events.next().job()["jobId"] == "a"


@pytest.mark.parametrize("query", ["job=%2f", "job=", "state=asleep", "stage=x", "mode=some", "prefix=%ff"])
def test_a_wish_that_cannot_be_met_is_an_error_at_once(web, query):
    with web.events("/api/events?" + query) as events:
        if query == "job=":
            assert events.response.status == 200, "no name is no wish"
            return
        assert events.response.status == 400
        assert b"invalid_argument" in events.response.read()


def test_too_many_names_are_an_error(web):
    with web.events("/api/events?job=" + ",".join(f"j{number}" for number in range(101))) as events:
        assert events.response.status == 400


def open_and_stall(web, path):
    """A stream whose reader reads nothing."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect((web.host, web.port))
    link.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return link


def churn(client, first, last, metadata):
    for number in range(first, last):
        client.call("UpdateProgressExplicit", job_id="a", stage=6, progress=25, message=f"change {number}", metadata=metadata)


def test_a_reader_that_does_not_read_slows_nobody(web, client):
    padding = {f"k{number}": "x" * 1000 for number in range(20)}
    churn(client, 0, 1, padding)
    stalled = [open_and_stall(web, "/api/events?job=a") for _ in range(5)]
    wait.until(lambda: web.metrics()["progressd_streams"] == 5, "they are open")
    with web.events("/api/events?job=a&mode=all") as events:
        events.next()
        churn(client, 1, 300, {})
        told = [event.job()["message"] for event in events.take(299)]
        assert told == [f"change {number}" for number in range(1, 300)]
    for link in stalled:
        link.close()


def test_the_gone_are_noticed_by_the_heartbeat(start_daemon):
    web = Web(start_daemon("--http-heartbeat", "1"))
    streams = [web.events() for _ in range(10)]
    wait.until(lambda: web.metrics()["progressd_streams"] == 10, "they are open")
    for stream in streams:
        stream.close()
    wait.until(lambda: web.metrics()["progressd_streams"] == 0, "they are closed")
    wait.until(lambda: web.metrics()["progressd_waiting_calls"] == 0, "their calls are forgotten")
