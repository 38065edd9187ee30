"""Lost requests, lost and repeated answers, duplicated requests, killed daemons: in every language the effects are those of the
distinct updates. $FAULTS says how many faults each language has to bear; $TEST_SEED replays them."""

import os
import random
import shutil

import judge
import pytest
from test_vectors import TESTEES, require

from support.daemon import Daemon
from support.messages import stage
from support.proxy import Proxy, seed

FAULTS = int(os.environ.get("FAULTS") or 250)
KILLS = 3
JOBS = 3
PATIENCE_MS = 60000


@pytest.fixture
def daemon():
    daemon = Daemon()
    yield daemon
    assert daemon.stop() == 0
    shutil.rmtree(daemon.folder)


def update(testee, number):
    """Says what no update before has said, so that it is seen when it is carried out once more or not at all."""
    request = judge.service.UpdateProgressRequest(
        job_id=f"job-{number % JOBS}", stage=stage("downloading"), message=f"update {number}", writer="w", sequence=number + 1
    )
    kind, *words = testee.answer(testee.begin("call", "UpdateProgress", request, PATIENCE_MS))
    assert kind == "ok", f"update {number}: {words[0]} {bytes.fromhex(words[-1]).decode()}"
    assert judge.service.UpdateProgressResponse.FromString(bytes.fromhex(words[1])).progress_info.message == f"update {number}"


@pytest.mark.parametrize("language", TESTEES)
def test_effects_equal_the_distinct_updates(daemon, language):
    proxy = Proxy(daemon.url, f"{daemon.folder}/proxy.sock", random.Random(seed()))
    testee = judge.Testee(require(language), proxy.url)
    updates, kills = 0, 0
    while proxy.faults < FAULTS:
        update(testee, updates)
        updates += 1
        if proxy.faults * (KILLS + 1) > FAULTS * (kills + 1):
            kills += 1
            daemon.kill()
            daemon.start()
    assert testee.close() == 0
    proxy.close()
    with daemon.client() as client:
        revisions = [client.call("GetProgress", job_id=f"job-{number}").progress_info.revision for number in range(JOBS)]
    assert kills >= KILLS and sum(revisions) == updates
