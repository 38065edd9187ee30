"""How the daemon is told what to do, where it puts things, and what it refuses."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys

import pytest

from support import messages, wait
from support.messages import stage
from support.places import program
from support.refusal import only_line
from support.rpc import Client

NOBODY = 65534


def test_help_names_every_option(run_progressd):
    completed = run_progressd("--help")
    assert (completed.returncode, completed.stderr) == (0, "")
    for option in ("--rpc", "--pub", "--http", "--store", "--config", "--help", "--version", "--check-config"):
        assert option in completed.stdout
    for option in ("--http-host", "--http-origin", "--tls-cert", "--tls-key", "--dashboard", "--access-log"):
        assert option in completed.stdout
    assert "7070" in completed.stdout and "RUNDIR" in completed.stdout


def test_version_is_one_line(run_progressd):
    completed = run_progressd("--version")
    assert (completed.returncode, completed.stderr) == (0, "")
    assert re.fullmatch(r"progressd \d+\.\d+\.\d+\n", completed.stdout)


def test_check_config_says_whether_the_options_are_good(run_progressd, folder):
    assert run_progressd("--check-config", "--store", "memory:").returncode == 0
    assert run_progressd("--check-config", "--store", "carved-in-stone").returncode == 2
    assert not os.path.exists(f"{folder}/progressd/progress.db")


@pytest.mark.parametrize(
    "options, word",
    [
        (["--colour"], "--colour"),
        (["--colour=red"], "--colour"),
        (["rpc"], "rpc"),
        (["--rpc"], "--rpc"),
        (["--rpcs", "tcp://127.0.0.1:0"], "--rpcs"),
        (["--rpc", "udp://127.0.0.1:0"], "tcp://HOST:PORT"),
        (["--rpc", "tcp://127.0.0.1"], "HOST:PORT"),
        (["--rpc", "tcp://127.0.0.1:70700"], "HOST:PORT"),
        (["--rpc", "tcp://127.0.0.1:http"], "HOST:PORT"),
        (["--rpc", "ipc://relative/path"], "ipc://"),
        (["--rpc", "ipc:///" + "x" * 108], "107"),
        (["--pub", ""], "--pub"),
        (["--http", "7080"], "--http"),
        (["--http-host", "example.org:80"], "--http-host"),
        (["--http-origin", "example.org"], "https://HOST"),
        (["--http-origin", "https://example.org/"], "https://HOST"),
        (["--http-heartbeat", "0"], "--http-heartbeat"),
        (["--access-log", "most"], "off, errors, all"),
        (["--tls-cert", "/some/file"], "--tls-key"),
        (["--store", "postgres://localhost"], "memory:"),
        (["--store", "file:"], "file:PATH"),
        (["--log-level", "loud"], "debug, info, warning, error"),
        (["--retention", "-1"], "--retention"),
        (["--retention", "10 days"], "--retention"),
        (["--retention", "99999999999999999999"], "--retention"),
        (["--calls-max", "0"], "--calls-max"),
        (["--calls-per-peer-max", "many"], "--calls-per-peer-max"),
        (["--send-timeout", "1e3"], "--send-timeout"),
        (["--config", "/nowhere/at/all"], "/nowhere/at/all"),
        (sum([["--rpc", "tcp://127.0.0.1:0"]] * 9, []), "8"),
    ],
)
def test_a_bad_option_is_one_clear_line_and_exit_2(run_progressd, options, word):
    completed = run_progressd(*options)
    assert completed.returncode == 2
    assert word in only_line(completed)


@pytest.mark.parametrize(
    "line, word",
    [
        ("colour = red", "colour"),
        ("rpc", "NAME = VALUE"),
        ("store = carved-in-stone", "memory:"),
        ("= memory:", "no option"),
    ],
)
def test_a_bad_line_in_the_file_is_named_with_its_number(run_progressd, folder, line, word):
    with open(f"{folder}/config", "w", encoding="utf-8") as file:
        file.write(f"# a comment\n\nlog-level = debug\n{line}\n")
    completed = run_progressd("--config", f"{folder}/config")
    assert completed.returncode == 2
    text = only_line(completed)
    assert f"{folder}/config:4" in text and word in text


@pytest.mark.parametrize(
    "name, value",
    [
        ("PROGRESSD_STORE", "carved-in-stone"),
        ("PROGRESSD_LOG_LEVEL", "loud"),
        ("PROGRESSD_RPC", "tcp://127.0.0.1:0,nonsense"),
        ("PROGRESSD_CONFIG", "/nowhere"),
    ],
)
def test_a_bad_variable_is_one_clear_line_and_exit_2(run_progressd, name, value):
    completed = run_progressd(**{name: value})
    assert completed.returncode == 2
    text = only_line(completed)
    assert name in text or value in text


@pytest.mark.parametrize(
    "options",
    [
        ["--rpc", "tcp://0.0.0.0:0"],
        ["--rpc", "tcp://*:0"],
        ["--rpc", "tcp://[::]:0"],
        ["--rpc", "tcp://192.0.2.1:0"],
        ["--rpc", "tcp://example.org:0"],
        ["--pub", "tcp://0.0.0.0:0"],
        ["--http", "0.0.0.0:0"],
        ["--rpc", "tcp://127.0.0.1.example.org:0"],
    ],
)
def test_an_address_that_others_reach_is_refused_with_the_reason(run_progressd, options):
    completed = run_progressd(*options)
    assert completed.returncode == 2
    text = only_line(completed)
    assert "authentication" in text and "TLS" in text and options[0] in text


class Config:
    """A file of options; addresses are in it, so that a bare daemon can be started with it."""

    def __init__(self, folder):
        self.path = f"{folder}/config"
        self.folder = folder
        self.write()

    def write(self, *lines):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(
                "\n".join(
                    [
                        f"rpc = ipc://{self.folder}/a.sock",
                        f"rpc = ipc://{self.folder}/b.sock  # two of them",
                        f"pub=ipc://{self.folder}/events.sock",
                        *lines,
                        "",
                    ]
                )
            )


@pytest.fixture
def config(folder):
    return Config(folder)


def test_the_command_line_counts_more_than_the_environment_and_that_more_than_the_file(start_daemon, config, folder):
    config.write(f"store = file:{folder}/by-file.db")
    options = ["--config", config.path]
    by_file = start_daemon(*options, is_bare=True)
    assert by_file.ready_line()["store"] == f"file:{folder}/by-file.db"
    by_file.stop()
    env = {"PROGRESSD_STORE": f"file:{folder}/by-variable.db"}
    by_variable = start_daemon(*options, is_bare=True, env=env)
    assert by_variable.ready_line()["store"] == f"file:{folder}/by-variable.db"
    by_variable.stop()
    by_option = start_daemon(*options, "--store=memory:", is_bare=True, env=env)
    assert by_option.ready_line()["store"] == "memory:"


def test_a_stronger_source_replaces_the_whole_list(start_daemon, config, folder):
    config.write("store = memory:")

    def addresses(*options, **env):
        daemon = start_daemon("--config", config.path, *options, is_bare=True, env=env)
        assert daemon.stop() == 0
        return re.findall(r"door=rpc url=ipc://(\S+)", daemon.log())

    assert addresses() == [f"{folder}/a.sock", f"{folder}/b.sock"]
    both = f"ipc://{folder}/c.sock,ipc://{folder}/d.sock"
    assert addresses(PROGRESSD_RPC=both) == [f"{folder}/c.sock", f"{folder}/d.sock"]
    assert addresses("--rpc", f"ipc://{folder}/e.sock", PROGRESSD_RPC=both) == [f"{folder}/e.sock"]


def test_the_file_can_be_named_in_the_environment(start_daemon, config):
    config.write("store = memory:")
    daemon = start_daemon(is_bare=True, env={"PROGRESSD_CONFIG": config.path})
    assert daemon.ready_line()["durability"] == "memory"


def test_port_0_logs_the_port_it_was_given(daemon):
    url = daemon.tcp_url()
    assert re.fullmatch(r"tcp://127\.0\.0\.1:[1-9]\d+", url)
    with Client(url) as client:
        assert client.call("GetServerInfo").name == "progressd"


def test_ready_arrives_at_the_service_manager_when_calls_are_answered(start_daemon, folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(20)
        manager.bind(f"{folder}/notify")
        daemon = start_daemon(env={"NOTIFY_SOCKET": f"{folder}/notify"})
        assert manager.recv(1000) == b"READY=1"
        assert daemon.client().call("GetServerInfo").name == "progressd"
        daemon.stop()
        assert manager.recv(1000) == b"STOPPING=1"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(daemon, number):
    with daemon.client() as client:
        client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"))
        assert daemon.stop(number) == 0
    assert "event=stopped" in daemon.log()
    assert not os.path.exists(daemon.url.removeprefix("ipc://"))
    daemon.start()
    assert daemon.client().call("GetProgress", job_id="job-1").progress_info.progress == 5


def test_waiting_calls_are_told_to_try_again_when_it_ends(daemon):
    with daemon.client() as client, daemon.client() as waiting:
        info = client.call("CreateJob", job_id="job-1").progress_info
        waiting.send("WaitProgress", messages.service.WaitProgressRequest(job_id="job-1", after_revision=info.revision))
        client.call("GetServerInfo")
        assert daemon.stop() == 0
        _, reply = waiting.receive()
        assert reply.code == 14, reply  # UNAVAILABLE: to be tried again later


# ---- the default places


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.mark.parametrize(
    "variables, runtime, state",
    [
        ({"XDG_RUNTIME_DIR": "{0}/run", "XDG_STATE_HOME": "{0}/state"}, "{0}/run/progressd", "{0}/state/progressd"),
        (
            {
                "RUNTIME_DIRECTORY": "{0}/r",
                "STATE_DIRECTORY": "{0}/s",
                "XDG_RUNTIME_DIR": "{0}/run",
                "XDG_STATE_HOME": "{0}/state",
            },
            "{0}/r",
            "{0}/s",
        ),
        ({"XDG_STATE_HOME": None, "HOME": "{0}/home"}, "{0}/progressd", "{0}/home/.local/state/progressd"),
    ],
)
def test_the_default_places_are_made_for_the_user_alone(run_progressd, folder, variables, runtime, state):
    completed = run_progressd("--check-config", **{name: value and value.format(folder) for name, value in variables.items()})
    assert completed.returncode == 0, completed.stderr
    assert mode_of(runtime.format(folder)) == 0o700
    assert mode_of(state.format(folder)) == 0o700


@pytest.mark.parametrize("mode", [0o701, 0o750, 0o777])
def test_a_runtime_folder_that_is_open_to_others_is_refused(run_progressd, folder, mode):
    os.mkdir(f"{folder}/open")
    os.chmod(f"{folder}/open", mode)
    completed = run_progressd("--store", "memory:", RUNTIME_DIRECTORY=f"{folder}/open")
    assert completed.returncode in (1, 2)
    text = only_line(completed)
    assert f"{folder}/open" in text and "0700" in text


def test_a_runtime_folder_of_somebody_else_is_refused(run_progressd, folder):
    path = "/"
    if os.geteuid() == 0:
        path = f"{folder}/theirs"
        os.mkdir(path, 0o700)
        os.chown(path, NOBODY, NOBODY)
    completed = run_progressd("--store", "memory:", RUNTIME_DIRECTORY=path)
    assert completed.returncode in (1, 2)
    text = only_line(completed)
    assert path in text and "another user" in text


def test_a_runtime_folder_that_is_a_link_is_refused(run_progressd, folder):
    os.mkdir(f"{folder}/real", 0o700)
    os.symlink(f"{folder}/real", f"{folder}/link")
    completed = run_progressd("--store", "memory:", RUNTIME_DIRECTORY=f"{folder}/link")
    assert completed.returncode in (1, 2)
    assert f"{folder}/link" in only_line(completed)


# The default ports are everybody's: the daemon gets a network of its own for this.
ALONE = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    fcntl.ioctl(probe, 0x8914, struct.pack("16sh22x", b"lo", 1))
os.execv(sys.argv[1], sys.argv[1:])
"""


def read_again(file):
    file.seek(0)
    return file.read()


def test_without_options_it_listens_at_the_default_places(folder):
    alone = ["unshare", "--map-root-user", "--net", sys.executable, "-c", ALONE]
    if subprocess.run([*alone, "/bin/true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine gives no network of one's own")
    env = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": folder, "XDG_STATE_HOME": f"{folder}/state"}
    with open(f"{folder}/log", "w", encoding="utf-8") as log:
        process = subprocess.Popen([*alone, program("progressd")], stderr=log, env=env)
    try:
        with open(f"{folder}/log", encoding="utf-8") as log:
            wait.until(lambda: "event=ready" in read_again(log), "it is ready")
            text = read_again(log)
        for url in (
            f"ipc://{folder}/progressd/rpc.sock",
            "tcp://127.0.0.1:7070",
            f"ipc://{folder}/progressd/events.sock",
            "tcp://127.0.0.1:7071",
            "http://127.0.0.1:7080",
        ):
            assert f"url={url}\n" in text
        with Client(f"ipc://{folder}/progressd/rpc.sock") as client:
            assert client.call("GetServerInfo").store == "file"
        assert os.path.exists(f"{folder}/state/progressd/progress.db")
    finally:
        process.terminate()
    assert process.wait(timeout=30) == 0
