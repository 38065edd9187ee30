"""Finds the support code of the end-to-end tests and the Python client in the tree."""

import pathlib
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TREE / "tests/e2e"), str(TREE / "clients/python/src")]
