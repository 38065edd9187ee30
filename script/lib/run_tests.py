"""Runs test programs two at a time, counts what passed, failed and was skipped, and ends with one plain line.

Usage: run_tests.py [--unit BUILD]... [--stress BUILD]... [--e2e BUILD] [FILTER]

BUILD is a folder such as build/dev. --unit runs its Criterion programs (tests/unit_*, tests/contract_*), --stress its
plain programs (tests/stress_*) and tests/stress/*.sh, --e2e the shell and Python tests of tests/e2e, of tests/conformance and
of the clients against the programs in BUILD/bin; tests learn BUILD from $BUILD_DIR. A plain or shell test passes with exit 0 and is skipped with exit 77 (a tool is
missing; when CI is set that fails). A sanitizer's report fails the program that caused it, whatever its exit says. FILTER
keeps the programs whose name holds it.
"""

import argparse
import concurrent.futures
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYTHON = os.path.join(ROOT, "build/venv/bin/python")
IN_CI = bool(os.environ.get("CI"))
NODE_TOOLS = "node_modules/.bin"
AT_ONCE = 2
SKIPPED = 77  # the exit of a test that lacks a tool
OUTPUT_LINES_MAX = 300
SEEDS, SEEDS_SANITIZED, SEEDS_AT_ONCE = 10000, 300, 2500  # of the simulation; a sanitizer takes ten times as long


class Program:
    """One program to run: what it is called, how it is started, how its results are read."""

    def __init__(self, name, argv, build, read_counts, timeout_s):
        self.name, self.argv, self.build = name, argv, build
        self.read_counts, self.timeout_s = read_counts, timeout_s


class Result:
    def __init__(self, name, counts, seconds, output, complaint="", ran_out=False):
        self.name, self.counts, self.seconds = name, counts, seconds
        self.output, self.complaint, self.ran_out = output, complaint, ran_out

    @property
    def failed(self):
        return self.counts[1] > 0


# ---- reading results: each takes (exit status, report file) and returns (passed, failed, skipped), or None: no results

def read_tap(status, report):
    """Criterion's TAP: a line a test, and the plan '1..N' before them. (Its JSON does not escape quotes.)"""
    text = read_text(report)
    lines = [line for line in text.splitlines() if re.match(r"(not )?ok\b", line)]
    plan = re.search(r"^1\.\.(\d+)", text, re.M)
    if not plan or len(lines) != int(plan[1]) or not lines:
        return None
    failed = sum(line.startswith("not ok") for line in lines)
    skipped = sum(line.startswith("ok") and "# SKIP" in line for line in lines)
    if status != 0:
        failed = max(failed, 1)
    return max(len(lines) - failed - skipped, 0), failed, skipped


def read_junit(status, report):
    try:
        suites = list(xml.etree.ElementTree.parse(report).getroot().iter("testsuite"))
    except (OSError, xml.etree.ElementTree.ParseError):
        return None
    tests, failures, errors, skipped = (sum(int(suite.get(key, 0)) for suite in suites)
                                        for key in ("tests", "failures", "errors", "skipped"))
    failed = failures + errors
    if tests == 0:
        return None
    if status != 0:
        failed = max(failed, 1)
    return max(tests - failed - skipped, 0), failed, skipped


def read_status(status, _report):
    if status == SKIPPED and not IN_CI:
        return 0, 0, 1
    return (1, 0, 0) if status == 0 else (0, 1, 0)


def read_go(status, report):
    """The lines of `go test -v` about whole tests."""
    text = read_text(report)
    passed, failed, skipped = (len(re.findall(rf"^--- {word}: ", text, re.M)) for word in ("PASS", "FAIL", "SKIP"))
    if passed + failed + skipped == 0:
        return read_status(status, report) if status == SKIPPED else None
    return passed, max(failed, int(status != 0)), skipped


def read_text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


# ---- finding programs

def is_sanitized(build):
    return os.path.basename(build) not in ("dev", "release")


def criterion_programs(build):
    slow = 2 if is_sanitized(build) else 1
    for path in sorted(glob.glob(f"{build}/tests/unit_*") + glob.glob(f"{build}/tests/contract_*")):
        if os.access(path, os.X_OK):
            argv = [path, "--color=never", "--tap={report}"]
            yield Program(f"{os.path.basename(build)}/{os.path.basename(path)}", argv, build, read_tap, 120 * slow)


def stress_programs(build):
    programs = [path for path in sorted(glob.glob(f"{build}/tests/stress_*")) if os.access(path, os.X_OK)]
    for path in programs:
        name = f"{os.path.basename(build)}/{os.path.basename(path)}"
        if name.endswith("/stress_simulation"):
            yield from simulations(name, path, build)
        else:
            yield Program(name, [path], build, read_status, 300)
    yield from shell_tests("stress", build)


def simulations(name, path, build):
    """Its seeds in parts, so that all cores have something to do."""
    seeds = SEEDS_SANITIZED if is_sanitized(build) else SEEDS
    for first in range(1, seeds + 1, SEEDS_AT_ONCE):
        count = min(SEEDS_AT_ONCE, seeds + 1 - first)
        argv = [path, "--from", str(first), "--seeds", str(count)]
        yield Program(f"{name} from {first}", argv, build, read_status, 300)


def shell_tests(folder, build):
    for path in sorted(glob.glob(f"{ROOT}/tests/{folder}/*.sh")):
        yield Program(os.path.relpath(path, ROOT), ["bash", path], build, read_status, 300)


def python_tests(build):
    folders = ("tests/e2e", "tests/conformance", "clients/python/tests")
    for path in (path for folder in folders for path in sorted(glob.glob(f"{ROOT}/{folder}/test_*.py"))):
        argv = [PYTHON, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", "--junitxml={report}", path]
        yield Program(os.path.relpath(path, ROOT), argv, build, read_junit, 420)


def node_tests(build):
    """The TypeScript client and the dashboard: their types, their style, their tests."""
    for name in ("clients/ts", "clients/dashboard"):
        inside, tools = ["env", "-C", f"{ROOT}/{name}"], f"{ROOT}/{name}/{NODE_TOOLS}"
        yield Program(f"{name}/tsc", [*inside, f"{tools}/tsc"], build, read_status, 300)
        yield Program(f"{name}/eslint", [*inside, f"{tools}/eslint", "--max-warnings", "0", "."], build, read_status, 300)
        argv = [*inside, f"{tools}/vitest", "run", "--reporter=default", "--reporter=junit", "--outputFile.junit={report}"]
        yield Program(f"{name}/vitest", argv, build, read_junit, 420)
    yield Program("clients/dashboard/dist", [f"{ROOT}/script/dashboard", "--check"], build, read_status, 300)


def go_tests(build):
    yield Program("clients/go", ["bash", f"{ROOT}/script/lib/go_test.sh", "{report}"], build, read_go, 420)


# ---- running

running = set()  # the process groups that have not ended


def stop_everything(number, _frame):
    for group in list(running):
        os.killpg(group, signal.SIGKILL)
    os._exit(128 + number)


def environment(build, logs):
    env = dict(os.environ, BUILD_DIR=build, NO_COLOR="1")
    env["ASAN_OPTIONS"] = f"log_path={logs}/report:" + env.get("ASAN_OPTIONS", "")
    env["LSAN_OPTIONS"] = f"suppressions={ROOT}/tests/support/leaks.supp:print_suppressions=0"
    env["UBSAN_OPTIONS"] = f"log_path={logs}/report:print_stacktrace=1:" + env.get("UBSAN_OPTIONS", "")
    env["TSAN_OPTIONS"] = f"log_path={logs}/report:" + env.get("TSAN_OPTIONS", "")
    return env


def threads_below(root):
    """The threads of a process and of all that it started, and what each waits for."""
    command = ["ps", "-eLo", "pid,ppid,tid,stat,wchan:24,cputime,args"]
    rows = subprocess.run(command, check=False, capture_output=True, text=True).stdout.splitlines()[1:]
    family, before = {str(root)}, 0
    while len(family) > before:
        before = len(family)
        family |= {row.split()[0] for row in rows if row.split()[1] in family}
    return "\n".join(row for row in rows if row.split()[0] in family)


def run_bounded(program, report, output, env):
    """Runs it in a process group of its own, which ends with it. None: it ran out of time."""
    child = subprocess.Popen([word.replace("{report}", report) for word in program.argv], cwd=ROOT, env=env,
                             stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    running.add(child.pid)
    try:
        return child.wait(program.timeout_s)
    except subprocess.TimeoutExpired:
        output.write(f"its threads when it ran out of time:\n{threads_below(child.pid)}\n".encode())
        return None
    finally:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        running.discard(child.pid)
        child.wait()


def criterion_stood_still(program, result):
    """Criterion itself can stop for good between two tests (seen once in 200 runs under AddressSanitizer): then no test is
    running. A test that hangs is seen as boxfort-worker, and is a failure."""
    return program.read_counts is read_tap and result.ran_out and "boxfort-worker" not in result.output


def run_patiently(program):
    result = run(program)
    if criterion_stood_still(program, result):
        print(f"     {program.name}: Criterion stood still, no test was running; once more", flush=True)
        print(result.output, flush=True)
        result = run(program)
    return result


def run(program):
    tools = [word for word in program.argv if (word == PYTHON or NODE_TOOLS in word) and not os.path.exists(word)]
    if tools:
        missing = f"{os.path.relpath(tools[0], ROOT)} is missing: script/bootstrap e2e installs it"
        return Result(program.name, (0, 1, 0) if IN_CI else (0, 0, 1), 0, "", missing)
    with tempfile.TemporaryDirectory(prefix="progress-test-") as folder:
        started = time.monotonic()
        with open(f"{folder}/output", "wb") as output:
            status = run_bounded(program, f"{folder}/results", output, environment(program.build, folder))
        seconds = time.monotonic() - started
        counts = program.read_counts(status, f"{folder}/results") if status is not None else None
        output = read_text(f"{folder}/output")
        reports = "".join(read_text(path) for path in sorted(glob.glob(f"{folder}/report.*")))
    complaint = ""
    if status is None:
        complaint = f"ran out of its {program.timeout_s} seconds"
    elif counts is None:
        complaint = f"gave no results, exit {status}"
    elif reports and counts[1] == 0:
        counts, complaint = (max(counts[0] - 1, 0), 1, counts[2]), "the sanitizer found something"
    return Result(program.name, counts or (0, 1, 0), seconds, output + reports, complaint, ran_out=status is None)


# ---- telling

def describe(counts):
    passed, failed, skipped = counts
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def tell(result):
    mark = "FAIL" if result.failed else "skip" if result.counts[2] and not result.counts[0] else "ok  "
    note = f" - {result.complaint}" if result.complaint else ""
    print(f"{mark} {result.name}: {describe(result.counts)} ({result.seconds:.1f} s){note}", flush=True)
    for line in result.output.splitlines():
        if line.startswith("figure: "):
            print(f"     {line}", flush=True)


def tell_failures(results):
    for result in (result for result in results if result.failed):
        lines = result.output.splitlines()
        print(f"\n==== {result.name} {result.complaint}")
        print("\n".join(lines[-OUTPUT_LINES_MAX:]))
    failed = [result.name for result in results if result.failed]
    if failed:
        print("\nfailed: " + " ".join(failed))


def main():
    parser = argparse.ArgumentParser()
    for kind in ("--unit", "--stress", "--e2e"):
        parser.add_argument(kind, action="append", default=[])
    parser.add_argument("filter", nargs="?", default="")
    options = parser.parse_args()
    programs = [program for build in map(os.path.abspath, options.unit) for program in criterion_programs(build)]
    for build in map(os.path.abspath, options.e2e):
        programs += [*shell_tests("e2e", build), *python_tests(build), *node_tests(build),
                     *go_tests(build)]
    programs += [program for build in map(os.path.abspath, options.stress) for program in stress_programs(build)]
    programs = [program for program in programs if options.filter in program.name]

    signal.signal(signal.SIGINT, stop_everything)
    signal.signal(signal.SIGTERM, stop_everything)
    results = []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_patiently, program) for program in programs]):
            results.append(done.result())
            tell(results[-1])
    tell_failures(results)
    totals = tuple(sum(result.counts[place] for result in results) for place in range(3))
    if not programs:
        print(f"no test's name holds {options.filter!r}" if options.filter else "no tests were found", file=sys.stderr)
    print(describe(totals))
    sys.exit(0 if programs and totals[1] == 0 else 1)


if __name__ == "__main__":
    main()
