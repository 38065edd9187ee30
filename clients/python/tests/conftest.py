"""What the tests of the Python client share: daemons, and a service of their own that misbehaves as they want."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from fake import FakeService
from support.daemon import Daemon

from progressd import Channel, ProgressTracker, ProgressTrackerServiceStub

PACKAGE = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture
def start_daemon():
    """Starts daemons with the given options; all are gone after the test."""
    started = []

    def start(*options, **named):
        started.append(Daemon(*options, **named))
        return started[-1]

    yield start
    for daemon in started:
        if daemon.process.poll() is None:
            daemon.kill()
        shutil.rmtree(daemon.folder)


@pytest.fixture
def daemon(start_daemon):
    return start_daemon()


@pytest.fixture(params=["ipc", "tcp"])
def url(request, daemon):
    return daemon.url if request.param == "ipc" else daemon.tcp_url()


@pytest.fixture
def stub(url):
    with Channel(url) as channel:
        yield ProgressTrackerServiceStub(channel)


@pytest.fixture
def tracker(daemon):
    with ProgressTracker(daemon.url) as tracker:
        yield tracker


@pytest.fixture
def fake():
    with FakeService() as service:
        yield service


@pytest.fixture
def run_python():
    """Runs a Python program that finds the package in the tree; the completed process."""

    def run(*arguments, **variables):
        env = {**os.environ, "PYTHONPATH": str(PACKAGE / "src"), **variables}
        return subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False, env=env
        )

    return run
