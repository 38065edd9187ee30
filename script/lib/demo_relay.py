"""Runs a relay of workers in C, Python, Go and Node on one job, shows what is done, and compares what each of them saw.

Usage: demo_relay.py PRG URL      $BUILD_DIR is the build; exits 0 if all have seen the same revisions
"""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/e2e"))

from support import relay  # noqa: E402

JOB = "relay"


def ask(prg, *words):
    output = subprocess.run([*prg, "--json", *words], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def main():
    prg = [sys.argv[1], "--server", sys.argv[2]]
    if relay.missing():
        sys.exit(f"missing: {' '.join(relay.missing())}")
    rows = ask(prg, "stages")
    main_flow = [row["status"] for row in rows if row["flow"] == rows[0]["flow"]][1:]
    parts = relay.stages_of_each(main_flow)
    subprocess.run([*prg, "create", JOB], stdout=subprocess.DEVNULL, check=True)
    running = {}
    for name, stages in parts.items():
        print(f"  {name:6} will do {', '.join(stages)}", flush=True)
        command = [*relay.RUNNERS[name], *relay.arguments(JOB, name, stages)]
        running[name] = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=relay.environment(sys.argv[2]))
    for process in running.values():
        process.stdout.readline()  # it watches
    watch = subprocess.Popen([*prg, "watch", JOB])
    first = next(iter(parts))
    subprocess.run([*prg, "update", JOB, "queued", "--meta", f"turn={first}"], stdout=subprocess.DEVNULL, check=True)
    seen = {name: process.communicate()[0].splitlines() for name, process in running.items()}
    watch.wait()
    for name, lines in seen.items():
        print(f"  {name:6} saw {len(lines)} revisions, {lines[0].split()[0]} to {lines[-1].split()[0]}")
    if any(process.returncode for process in running.values()) or len(set(map(tuple, seen.values()))) != 1:
        sys.exit("they did not all see the same")
    print("  All saw the same, line by line.")


if __name__ == "__main__":
    main()
