"""What the model of progress costs: a million live simulated jobs while nobody watches, a movement against a change, and an
update with an estimate against one without."""

import json
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


def measure_estimate(bench):
    result = json.loads(subprocess.run([bench.program("bench_estimate")], capture_output=True, text=True, check=True).stdout)
    for name, goal_ns in (("mean", 5000), ("p99", 10000)):
        ours, bare = (result[lane][name] for lane in ("with", "without"))
        bench.add(f"an update in the corridor, {name}, estimate or none", f"{ours / 1000:.1f} us", f"{bare / 1000:.1f} us", ours / bare,
                  f"{goal_ns // 1000} us more", ours - bare <= goal_ns)
