"""Sentinels move the master, and two daemons go along."""

import time

import pytest

from support.messages import stage
from support.redis import SAFE, Sentinels
from support.rpc import Refused
from support.wait import until
from support.watcher import Watcher

NOT_FOUND, UNAVAILABLE = 5, 14
FAIL_OVERS = 3


@pytest.fixture
def sentinels():
    servers = Sentinels(*SAFE)
    yield servers
    servers.close()


@pytest.fixture
def pair(sentinels, start_daemon):
    return start_daemon(store=sentinels.url), start_daemon(store=sentinels.url)


def advance(client, done):
    """The new state, or None while the store is away. A worker tells its latest state, wherever the store is by now."""
    try:
        return client.call("UpdateProgressIncremental", job_id="job-1", stage=stage("downloading"), done=done,
                           total=1000).progress_info
    except Refused as refused:
        assert refused.code == UNAVAILABLE, refused
        return None


def agree(clients, watcher, done):
    """Tells the state as a reporter does, again when the store has lost it, until both daemons and the watcher know it."""

    def is_known():
        info = advance(clients[0], done)
        try:
            shown = clients[1].call("GetProgress", job_id="job-1").progress_info
            watcher.look(0)
        except (Refused, ConnectionError, OSError) as problem:
            assert not isinstance(problem, Refused) or problem.code in (NOT_FOUND, UNAVAILABLE), problem
            return False
        known = watcher.known.get("job-1")
        return info is not None and shown.done == done and known is not None and known.done == done

    until(is_known, "all know it", 30)


@pytest.fixture
def clients(pair):
    with pair[0].client() as one, pair[1].client() as other:
        yield one, other


def test_two_daemons_follow_the_master(sentinels, pair, clients, figure):
    watcher = Watcher(pair[1], "job-1")
    agree(clients, watcher, 1)
    seconds = []
    for number in range(2, 2 + FAIL_OVERS):
        sentinels.fail_over()
        begin = time.monotonic()
        agree(clients, watcher, number)
        seconds.append(time.monotonic() - begin)
    watcher.leave()
    assert max(seconds) < 5
    figure(f"{FAIL_OVERS} fail-overs: all agree after {max(seconds):.1f} s at most")


def test_a_killed_master_is_replaced(sentinels, pair, clients, figure):
    watcher = Watcher(pair[1], "job-1")
    agree(clients, watcher, 1)
    before = sentinels.master()
    before.kill()
    until(lambda: sentinels.master() is not before, "the replica is made the master", 30)
    begin = time.monotonic()
    agree(clients, watcher, 2)
    seconds = time.monotonic() - begin
    watcher.leave()
    assert seconds < 5
    figure(f"a killed master: all agree {seconds:.1f} s after it was replaced")
