"""What the stories share."""

import json
import os
import shutil
import subprocess
import tempfile

import pytest

from support.daemon import Daemon
from support.places import program
from support.web import Web


FIGURES = []


@pytest.fixture
def figure():
    """Keeps a measured figure, to be shown after the tests."""
    return FIGURES.append


def pytest_terminal_summary(terminalreporter):
    for text in FIGURES:
        terminalreporter.write_line(f"figure: {text}")


@pytest.fixture
def start_daemon():
    """Starts daemons with the given options; all are gone after the test."""
    started = []

    def start(*options, **named):
        daemon = Daemon(*options, **named)
        started.append(daemon)
        return daemon

    yield start
    for daemon in started:
        if daemon.process.poll() is None:
            daemon.kill()
        shutil.rmtree(daemon.folder)


@pytest.fixture
def daemon(start_daemon):
    """A daemon on the embedded store."""
    return start_daemon()


@pytest.fixture
def client(daemon):
    with daemon.client() as client:
        yield client


@pytest.fixture
def web(daemon):
    """Asks the daemon over HTTP."""
    return Web(daemon)


@pytest.fixture
def prg(daemon):
    """Runs prg against the daemon; the completed process."""

    def run(*arguments, **options):
        return subprocess.run([program("prg"), "--server", daemon.url, *arguments], capture_output=True, text=True,
                              timeout=60, check=False, **options)

    return run


@pytest.fixture
def ask(prg):
    """Runs a prg command that succeeds; its JSON lines."""

    def ask(*arguments):
        completed = prg("--json", *arguments)
        assert (completed.returncode, completed.stderr) == (0, "")
        return [json.loads(line) for line in completed.stdout.splitlines()]

    return ask


@pytest.fixture
def ask_one(ask):
    """The same for commands that print one object."""

    def ask_one(*arguments):
        (answer,) = ask(*arguments)
        return answer

    return ask_one


@pytest.fixture
def start_program():
    """Starts a program of the build in the background; it is gone after the test."""
    started = []

    def start(name, *arguments, **options):
        process = subprocess.Popen([program(name), *arguments], **options)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


@pytest.fixture
def folder():
    """A folder with a short path: those of unix sockets have at most 107 bytes."""
    path = tempfile.mkdtemp(prefix="progressd-options-")
    yield path
    shutil.rmtree(path)


@pytest.fixture
def run_progressd(folder):
    """Runs progressd with a clean environment and waits for its end."""

    def run(*options, **variables):
        env = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "XDG_RUNTIME_DIR": folder,
            "XDG_STATE_HOME": folder,
            "PROGRESSD_HTTP": "127.0.0.1:0",
            **variables,
        }
        return subprocess.run(
            [program("progressd"), *options],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={name: value for name, value in env.items() if value is not None},
        )

    return run
