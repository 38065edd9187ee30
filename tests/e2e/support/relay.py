"""The relay of workers in four languages: who runs which stages, and how each is started."""

import os
import shutil
import sys

from .places import BUILD, TREE

RUNNERS = {
    "c": [str(BUILD / "examples/example_relay")],
    "python": [sys.executable, str(TREE / "clients/python/examples/relay.py")],
    "go": [str(TREE / "build/go/bin/relay")],
    "node": [shutil.which("node") or "node", str(TREE / "clients/ts/examples/relay.js")],
}
NEEDED = [word for command in RUNNERS.values() for word in command] + [str(TREE / "clients/ts/dist/node/index.js")]


def missing():
    """What is not built or installed."""
    return [path for path in NEEDED if not os.path.exists(path)]


def stages_of_each(statuses):
    """The stages of the main flow, which end the job, in parts of about the same length, one for each runner."""
    ends = [len(statuses) * place // len(RUNNERS) for place in range(len(RUNNERS) + 1)]
    return {name: statuses[start:end] for name, start, end in zip(RUNNERS, ends, ends[1:])}


def arguments(job, name, stages):
    """What the runner is told: job, its own name, who comes next, and its stages."""
    names = list(RUNNERS)
    return [job, name, names[(names.index(name) + 1) % len(names)], *stages]


def environment(url):
    return {**os.environ, "PRG_SERVER": url, "PYTHONPATH": str(TREE / "clients/python/src")}
