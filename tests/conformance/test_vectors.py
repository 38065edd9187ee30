"""Every language replays every vector over every transport."""

import os
import shutil
import signal
import sys

import judge
import pytest

from support import rpc
from support.daemon import Daemon
from support.places import BUILD, TREE
from support.ports import free_port

UNIMPLEMENTED = 12

# How each language's testee is started; without a program of that path it is skipped, but not when CI is set.
TESTEES = {
    "c": [str(BUILD / "tests/conformance_c")],
    "go": [str(TREE / "build/go/bin/testee")],
    "python": [sys.executable, str(TREE / "clients/python/tests/testee.py")],
    "node": [shutil.which("node") or "node", str(TREE / "clients/ts/tests/testee.js"), str(TREE / "clients/ts/dist")],
}


def require(language):
    """The command of its testee; the test is skipped without it."""
    command = TESTEES[language]
    if not all(os.path.exists(word) for word in command):
        assert not os.environ.get("CI"), f"{command} is missing"
        pytest.skip(f"{command} is missing")
    return command


class SteadyDaemon(Daemon):
    """Two addresses that outlive its restarts."""

    def __init__(self):
        tcp = f"tcp://127.0.0.1:{free_port()}"
        super().__init__("--rpc", tcp)
        self.urls = {"ipc": self.url, "tcp": tcp}

    def freeze(self):
        """All its threads stand when this returns: the signal alone takes a moment."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def daemon():
    daemon = SteadyDaemon()
    yield daemon
    daemon.thaw()
    assert daemon.stop() == 0
    shutil.rmtree(daemon.folder)


@pytest.fixture(scope="module", params=[f"{language}-{door}" for language in TESTEES for door in ("ipc", "tcp")])
def testee(request, daemon):
    language, door = request.param.split("-")
    testee = judge.Testee(require(language), daemon.urls[door])
    testee.name = request.param
    yield testee
    assert testee.close() == 0


@pytest.fixture(autouse=True)
def a_daemon_that_runs(daemon):
    """Whatever a vector that failed has left."""
    yield
    daemon.thaw()
    if daemon.process.poll() is not None:
        daemon.start()


def is_offered(daemon, method):
    with rpc.Client(daemon.url) as client:
        return client.reply(method)[0].code != UNIMPLEMENTED


@pytest.mark.parametrize("vector", judge.load(), ids=lambda vector: vector["id"])
def test_vector(vector, testee, daemon):
    if "requires" in vector and not is_offered(daemon, vector["requires"]):
        pytest.skip(f"the service does not offer {vector['requires']} yet")
    judge.Replay(vector, testee, daemon, testee.name).run()


def test_there_are_vectors_for_every_method():
    told = {step.get("call") or step.get("watch") for vector in judge.load() for step in vector["steps"]}
    methods = {method.name for method in judge.service.DESCRIPTOR.services_by_name["ProgressTrackerService"].methods}
    assert methods <= told
