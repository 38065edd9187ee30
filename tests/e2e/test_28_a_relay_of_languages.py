"""One job whose stages are done in turn by workers in C, Python, Go and Node, while all of them watch it."""

import os
import random
import subprocess

import pytest

from support import relay
from support.messages import stage
from support.proxy import Proxy, seed

JOB = "relay-1"
PARTS = 4


@pytest.fixture
def start():
    """Starts a runner; its process. All are gone after the test."""
    if relay.missing():
        assert not os.environ.get("CI"), relay.missing()
        pytest.skip(f"missing: {relay.missing()}")
    started = []

    def run(name, stages, url):
        command = [*relay.RUNNERS[name], *relay.arguments(JOB, name, stages)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=relay.environment(url))
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def parts(client):
    """The stages of each runner."""
    rows = client.call("GetAllStages").stages
    main = next(row.flow for row in rows if row.stage == stage("queued"))
    statuses = [row.status for row in rows if row.flow == main and row.stage != stage("queued")]
    return relay.stages_of_each(statuses)


def race(client, start, parts, url_of):
    """The lines of each runner, from when all were there to the end of the job."""
    client.call("CreateJob", job_id=JOB)
    running = {name: start(name, stages, url_of(name)) for name, stages in parts.items()}
    firsts = {name: process.stdout.readline() for name, process in running.items()}
    assert set(firsts.values()) == {"1 queued 0% \n"}
    first = next(iter(parts))
    client.call("UpdateProgress", job_id=JOB, stage=stage("queued"), message="ready", metadata={"turn": first})
    lines = {name: process.stdout.read().splitlines() for name, process in running.items()}
    assert {name: process.wait(30) for name, process in running.items()} == dict.fromkeys(parts, 0)
    return lines


def expected_messages(parts):
    names = list(parts)
    for name, stages in parts.items():
        for status in stages:
            yield f"{name} begins"
            if status != "completed":
                yield from (f"{name}: {part} of {PARTS}" for part in range(1, PARTS + 1))
        if name != names[-1]:
            yield f"{name} hands over to {names[names.index(name) + 1]}"


def check(lines, parts):
    """All saw the same: every revision once, in order, and in each the words of the one whose turn it was."""
    seen = lines["c"]
    assert all(theirs == seen for theirs in lines.values()), lines
    assert [int(line.split()[0]) for line in seen] == list(range(2, len(seen) + 2))
    assert [line.split(" ", 3)[3] for line in seen] == ["ready", *expected_messages(parts)]
    percents = [int(line.split()[2].rstrip("%")) for line in seen]
    assert percents == sorted(percents) and seen[-1].split()[1:3] == ["completed", "100%"]


def test_all_see_the_same_revisions(daemon, client, start, parts):
    doors = [daemon.url, daemon.tcp_url()]
    lines = race(client, start, parts, lambda name: doors[list(parts).index(name) % 2])
    check(lines, parts)


def test_also_through_lost_and_repeated_messages(daemon, client, start, parts):
    chance = random.Random(seed())
    proxies = {name: Proxy(daemon.url, f"{daemon.folder}/{name}.sock", random.Random(chance.random())) for name in parts}
    lines = race(client, start, parts, lambda name: proxies[name].url)
    check(lines, parts)
    assert all(proxy.faults > 0 for proxy in proxies.values())
    for proxy in proxies.values():
        proxy.close()
