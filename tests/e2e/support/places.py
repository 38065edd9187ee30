"""Where things are: the tree, and the build under test (BUILD_DIR, else PROGRESS_BUILD, else build/dev)."""

import os
import pathlib

TREE = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(
    os.environ.get("BUILD_DIR") or os.environ.get("PROGRESS_BUILD") or TREE / "build" / "dev"
).resolve()


def program(name):
    return str(BUILD / "bin" / name)


def is_sanitized() -> bool:
    """Whether the build under test counts its memory differently from the one that users run."""
    return BUILD.name in ("asan", "tsan")


def documented_rights():
    """The commands of docs/redis.md that make a user: on a single server, in a cluster."""
    lines = (TREE / "docs/redis.md").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("ACL SETUSER")]
