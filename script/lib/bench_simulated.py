"""A million live simulated jobs: what they cost while nobody watches, and what a movement costs against a change."""

import os
import pathlib
import re
import subprocess

SCRIPT = "tests/stress/many_simulated.py"


def measure_simulated(bench):
    python = "build/venv/bin/python"
    if not pathlib.Path(python).exists():
        print("skip the simulated jobs: script/bootstrap e2e installs what they need")
        return
    words = [python, SCRIPT, "--jobs", str(bench.arguments.jobs), "--ratio", "1000"]
    done = subprocess.run(words, env={**os.environ, "BUILD_DIR": str(bench.build)}, stdout=subprocess.PIPE, text=True, check=True)
    each, share = (float(re.search(pattern, done.stdout)[1]) for pattern in (r"(\d+) bytes each", r"watches: ([\d.]+) %"))
    moved, changed = (float(number) for number in re.findall(r"([\d.]+) us each", done.stdout))
    jobs = f"{bench.arguments.jobs:,} simulated jobs"
    bench.add(f"{jobs}, memory for each", f"{each:.0f} bytes", "", None, "", True)
    bench.add(f"{jobs}, nobody watches", f"{share:.2f} % CPU", "", None, "< 5 %", share < 5)
    bench.add("a movement told, against a change", f"{moved:.1f} us", f"{changed:.1f} us", moved / changed, "<= 1.5",
              moved <= 1.5 * changed)
