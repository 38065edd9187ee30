"""What watchers see and what is kept, under many who come and go at once; tests/stress/trials.py and contention.py do it
longer, and say what they do."""

import os
import subprocess
import sys

import pytest

from support.places import BUILD, TREE


@pytest.fixture
def run():
    """Runs a program of tests/stress; the completed process."""

    def run(name, *arguments):
        words = [sys.executable, str(TREE / "tests/stress" / name), *arguments]
        if "TEST_SEED" in os.environ:
            words += ["--seed", os.environ["TEST_SEED"]]
        return subprocess.run(words, env={**os.environ, "BUILD_DIR": str(BUILD)}, capture_output=True, text=True, timeout=300,
                              check=False)

    return run


@pytest.mark.parametrize("name, arguments, what", [("trials.py", ("--trials", "500"), "500 trials"),
                                                   ("contention.py", ("--rounds", "6"), "6 jobs under 16 writers")])
def test_all_that_was_promised_is_kept(run, figure, name, arguments, what):
    done = run(name, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("figure: ")]
    figure(line.removeprefix("figure: "))
    assert what in line


@pytest.mark.parametrize("name, spoil, text", [
    ("trials.py", "drop", "a gap: "),
    ("trials.py", "repeat", "a repeat: "),
    ("trials.py", "hush", "without being told to begin anew"),
    ("trials.py", "again", "after the end"),
    ("contention.py", "down", "down: "),
    ("contention.py", "byte", "the record was "),
])
def test_what_is_spoiled_is_noticed(run, name, spoil, text):
    done = run(name, "--spoil", spoil)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith("TEST_SEED=")
    assert "wrong: " in done.stdout and text in done.stdout and "gives the same plans" in done.stdout
