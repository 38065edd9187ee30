"""Somebody who has nothing but docs/protocol.md, protoc and an SP library's tool makes a call."""

import re
import subprocess

import pytest

from support.messages import stage
from support.places import TREE

URL = "tcp://127.0.0.1:7070"


def commands():
    """The shell commands of "Try it without a client"."""
    text = (TREE / "docs/protocol.md").read_text(encoding="utf-8")
    section = text.partition("### Try it without a client\n")[2]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert blocks and blocks[0].count(URL) == 1
    return blocks[0]


@pytest.fixture
def try_it(daemon, tmp_path):
    """Runs the commands where `proto` is; the text of the Reply."""
    (tmp_path / "proto").symlink_to(TREE / "proto")

    def run(url):
        done = subprocess.run(
            ["sh", "-e", "-c", commands().replace(URL, url)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("door", ["ipc", "tcp"])
def test_the_commands_of_the_document_get_an_answer(daemon, client, try_it, door):
    client.call("UpdateProgress", job_id="job-1", stage=stage("transcribing"), message="listening")
    reply = try_it(daemon.url if door == "ipc" else daemon.tcp_url())
    assert "code:" not in reply  # 0 is success
    for word in ("response: ", "transcribing", "listening"):
        assert word in reply


def test_the_commands_of_the_document_show_an_error(daemon, try_it):
    reply = try_it(daemon.tcp_url())
    assert "code: 5" in reply and "job-1" in reply and "JOB_NOT_FOUND" in reply
