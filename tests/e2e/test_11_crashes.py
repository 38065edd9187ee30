"""kill -9 under many writers who keep what was acknowledged; tests/stress/crash.py does it longer."""

import os
import subprocess
import sys

import pytest

from support.places import BUILD, TREE


@pytest.mark.parametrize("victim", ["daemon", "redis"])
def test_nothing_acknowledged_is_lost_under_writers(figure, victim):
    words = [sys.executable, str(TREE / "tests/stress/crash.py"), "--kills", "8"]
    if victim == "redis":
        words.append("--redis")
    if "TEST_SEED" in os.environ:
        words += ["--seed", os.environ["TEST_SEED"]]
    done = subprocess.run(
        words, env={**os.environ, "BUILD_DIR": str(BUILD)}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("figure: ")]
    figure(line.removeprefix("figure: "))
    assert line.startswith("figure: 8 kills") and "under 8 writers" in line and " 0 lost, 0 wrong" in line
