"""Very many live simulated jobs cost nothing but memory until somebody watches; tests/stress/many_simulated.py does it with a
million, and says what it does."""

import os
import subprocess
import sys

import pytest

from support.places import BUILD, TREE


@pytest.mark.parametrize("store", ["memory", "file"])
def test_what_nobody_watches_wakes_nobody_and_writes_nothing(figure, store):
    words = ["--jobs", "20000", "--watched", "2000", "--seconds", "4", "--ratio", "4", "--store", store]
    done = subprocess.run([sys.executable, str(TREE / "tests/stress/many_simulated.py"), *words],
                          env={**os.environ, "BUILD_DIR": str(BUILD)}, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.removeprefix("figure: ") for line in done.stdout.splitlines() if line.startswith("figure: ")]
    assert len(lines) == 2
    for line in lines:
        figure(line)
