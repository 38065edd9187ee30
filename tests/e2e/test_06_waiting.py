"""WaitProgress: the next change of a job, without polling."""

import threading
import time

import pytest

from support import wait
from support.messages import service, stage
from support.places import is_sanitized
from support.rpc import Client, Refused
from support.still import still

NOT_FOUND = 5
LONG = {"seconds": 250}


def request(job_id="job-1", after=0, timeout=None, creation=False):
    return service.WaitProgressRequest(
        job_id=job_id, after_revision=after, timeout=timeout or LONG, wait_for_creation=creation
    )


def send(client, **fields):
    return client.send("WaitProgress", request(**fields))


def receive(client):
    """(number, response) of the next answer, which is a good one."""
    number, reply = client.receive()
    assert reply.code == 0, reply
    return number, service.WaitProgressResponse.FromString(reply.response)


@pytest.fixture(name="job")
def a_job_at_revision_2(client):
    client.call("CreateJob", job_id="job-1")
    return client.call("UpdateProgress", job_id="job-1", stage=stage("downloading")).progress_info


@pytest.fixture
def other(daemon):
    with daemon.client() as other:
        yield other


@pytest.mark.parametrize("after", [0, 1])
def test_it_answers_at_once_when_there_is_news_already(client, job, after):
    answer = client.call("WaitProgress", job_id="job-1", after_revision=after, timeout=LONG)
    assert still(answer.progress_info) == still(job)
    assert not answer.timed_out


def test_it_answers_when_the_job_changes(client, other, job):
    send(client, after=job.revision)
    changed = other.call(
        "UpdateProgressIncremental", job_id="job-1", stage=stage("downloading"), fraction=0.5, message="half"
    )
    _, answer = receive(client)
    assert answer.progress_info == changed.progress_info
    assert not answer.timed_out


def test_it_is_not_answered_by_what_changes_nothing(client, other, job):
    number = send(client, after=job.revision)
    other.call("UpdateProgressIncremental", job_id="job-1", stage=stage("downloading"), fraction=0)
    other.call("UpdateProgress", job_id="job-2", stage=stage("downloading"))
    with pytest.raises(Refused):
        other.call("UpdateProgress", job_id="job-1", stage=stage("queued"))
    asked = client.send("GetProgress", service.GetProgressRequest(job_id="job-1"))
    assert client.receive()[0] == asked
    other.call("UpdateProgress", job_id="job-1", stage=stage("transcribing"))
    got, answer = receive(client)
    assert (got, answer.progress_info.revision) == (number, job.revision + 1)


def test_it_answers_at_the_timeout_with_the_present_state(client, job):
    began = time.monotonic()
    answer = client.call("WaitProgress", job_id="job-1", after_revision=job.revision, timeout={"nanos": 200000000})
    assert time.monotonic() - began > 0.19
    assert answer.timed_out
    assert still(answer.progress_info) == still(job)


def test_a_timeout_of_0_is_a_look(client, job):
    answer = client.call("WaitProgress", job_id="job-1", after_revision=job.revision, timeout={})
    assert answer.timed_out
    assert still(answer.progress_info) == still(job)


def test_a_greater_revision_than_the_jobs_answers_at_once(client, job):
    answer = client.call("WaitProgress", job_id="job-1", after_revision=job.revision + 40, timeout=LONG)
    assert still(answer.progress_info) == still(job)
    assert not answer.timed_out


def test_an_unknown_job_is_not_found_at_once(client):
    with pytest.raises(Refused) as refused:
        client.call("WaitProgress", job_id="job-1", after_revision=7, timeout=LONG)
    assert refused.value.code == NOT_FOUND
    assert "job-1" in refused.value.text


def test_deletion_is_not_found(client, other, job):
    send(client, after=job.revision)
    other.call("DeleteJob", job_id="job-1")
    assert client.receive()[1].code == NOT_FOUND


def test_it_can_wait_for_the_creation(client, other):
    number = send(client, creation=True)
    with pytest.raises(Refused):
        other.call("GetProgress", job_id="job-1")
    created = other.call("CreateJob", job_id="job-1", message="here")
    got, answer = receive(client)
    assert (got, answer.progress_info) == (number, created.progress_info)


def test_a_creation_that_does_not_come_is_not_found_at_the_timeout(client):
    with pytest.raises(Refused) as refused:
        client.call("WaitProgress", job_id="job-1", wait_for_creation=True, timeout={"nanos": 100000000})
    assert refused.value.code == NOT_FOUND


def test_no_change_is_missed_by_one_wait_after_the_other(client, other, job):
    """The waits see ever higher revisions, up to the last, however fast the job goes on."""

    def go_on():
        for percent in range(6, 16):
            other.call("UpdateProgressExplicit", job_id="job-1", stage=job.stage, progress=percent)

    thread = threading.Thread(target=go_on)
    thread.start()
    seen = [job.revision]
    while seen[-1] < job.revision + 10:
        info = client.call("WaitProgress", job_id="job-1", after_revision=seen[-1], timeout=LONG).progress_info
        assert info.revision > seen[-1]
        assert info.progress == 5 + info.revision - job.revision
        seen.append(info.revision)
    thread.join()


def test_2000_waits_over_one_connection_are_answered_by_one_update(client, other, job):
    numbers = {send(client, after=job.revision) for _ in range(2000)}
    asked = client.send("GetProgress", service.GetProgressRequest(job_id="job-1"))
    assert client.receive()[0] == asked  # none of the waits was answered
    changed = other.call("UpdateProgress", job_id="job-1", stage=stage("analyzing")).progress_info
    answers = [receive(client) for _ in range(2000)]
    assert {number for number, _ in answers} == numbers
    assert all(answer.progress_info == changed and not answer.timed_out for _, answer in answers)


def test_the_end_reaches_every_waiter(client, other, job):
    names = ["job-1", "job-2", "job-3"]
    for name in names[1:]:
        other.call("UpdateProgress", job_id=name, stage=stage("downloading"))
    for name in names:
        for _ in range(10):
            send(client, job_id=name, after=job.revision if name == "job-1" else 1)
    for name, end in zip(names, ("completed", "failed", "cancelled")):
        other.call("UpdateProgress", job_id=name, stage=stage(end))
    ends = [receive(client)[1].progress_info.status for _ in range(30)]
    assert sorted(ends) == ["cancelled"] * 10 + ["completed"] * 10 + ["failed"] * 10


def test_a_peer_that_leaves_while_waiting_frees_its_places(start_daemon):
    daemon = start_daemon("--calls-max", "20")
    with daemon.client() as client:
        client.call("CreateJob", job_id="job-1")
        for url in (daemon.url, daemon.tcp_url()):
            leaving = Client(url)
            for _ in range(15):
                send(leaving, after=1)
            asked = leaving.send("GetProgress", service.GetProgressRequest(job_id="job-1"))
            assert leaving.receive()[0] == asked  # all of them wait
            leaving.close()
            wait.until(lambda: can_hold(daemon, 15), "the places of the peer that left are free")
        client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"))


def can_hold(daemon, count):
    """Whether so many waits find a place."""
    with daemon.client() as client:
        for _ in range(count):
            send(client, after=1)
        asked = client.send("GetProgress", service.GetProgressRequest(job_id="job-1"))
        number, reply = client.receive()
        assert reply.code in (0, 8)
        return number == asked and reply.code == 0


def test_too_many_waits_are_refused_and_harm_no_others(start_daemon):
    daemon = start_daemon("--calls-per-peer-max", "10")
    with daemon.client() as client, daemon.client() as other:
        other.call("CreateJob", job_id="job-1")
        for _ in range(30):
            send(client, after=1)
        refused = [client.receive()[1] for _ in range(20)]
        assert {reply.code for reply in refused} == {8}
        assert all("10" in reply.message for reply in refused)
        other.call("UpdateProgress", job_id="job-1", stage=stage("downloading"))
        assert [receive(client)[1].progress_info.progress for _ in range(10)] == [5] * 10


def test_waits_go_on_after_a_restart_by_asking_again(daemon):
    with daemon.client() as client:
        job = client.call("CreateJob", job_id="job-1").progress_info
        send(client, after=job.revision)
    daemon.kill()
    daemon.start()
    with daemon.client() as client, daemon.client() as other:
        send(client, after=job.revision)
        changed = other.call("UpdateProgress", job_id="job-1", stage=stage("downloading")).progress_info
        assert receive(client)[1].progress_info == changed


def resident_mb(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as status:
        return int(status.read().split("VmRSS:")[1].split()[0]) * 1024 / 1e6


def test_a_hundred_thousand_calls_wait_in_200_mb(daemon, client, other, job, figure):
    """Watchers with their resume tokens, as they are when nothing happens."""
    count = 100000
    token = client.call("WatchProgress", job_id="job-1").resume_token
    watch = service.WatchProgressRequest(job_id="job-1", resume_token=token, timeout=LONG)
    before = resident_mb(daemon)
    for _ in range(count):
        client.send("WatchProgress", watch)
    asked = client.send("GetProgress", service.GetProgressRequest(job_id="job-1"))
    assert client.receive()[0] == asked, "all of them wait"
    held = resident_mb(daemon) - before
    figure(f"{count} waiting calls: {held:.0f} MB")
    assert held < 200 or is_sanitized(), "the sanitizers keep what is freed"
    other.call("UpdateProgress", job_id="job-1", stage=stage("transcribing"))
    answered = {client.receive()[0] for _ in range(count)}
    assert len(answered) == count
