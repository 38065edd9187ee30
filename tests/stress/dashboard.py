#!/usr/bin/env python3
"""The Dashboard with a thousand live jobs that change once a second: frames a second, and the memory of the page.

Usage: dashboard.py BUILD [--seconds N] [--jobs N]      (build/venv/bin/python has what it needs)

Exit 1: fewer than 30 frames a second on average, or memory that grows. The memory is what is left after the garbage was
collected; the first quarter of the time is for caches to fill.
"""

import argparse
import os
import statistics
import sys
import threading
import time

FRAMES_MIN = 30
GROWTH_MAX = 1.10
SAMPLES = 20
COUNTER = """() => {
    window.frames = 0;
    window.longest = 0;
    let before = performance.now();
    const step = now => {
        window.frames++;
        window.longest = Math.max(window.longest, now - before);
        before = now;
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
}"""


class Feeder(threading.Thread):
    """Moves every job on, once a second, until it is stopped."""

    def __init__(self, web, count):
        super().__init__()
        self.web, self.count, self.rounds = web, count, 0
        self.is_over = threading.Event()
        self.feed()

    def feed(self):
        from support import world

        self.rounds += 1
        updates = [{"updateProgressIncremental": {
            "jobId": f"job-{number:04}", "stage": world.STAGE + "TRANSCRIBING", "fraction": 1 - 0.999 ** self.rounds,
            "message": f"part {self.rounds} of many"}} for number in range(self.count)]
        for first in range(0, self.count, 1000):
            world.call(self.web, "BatchUpdateProgress", updates=updates[first:first + 1000], omitProgressInfo=True)

    def run(self):
        due = time.monotonic()
        while not self.is_over.is_set():
            self.feed()
            due = max(due + 1, time.monotonic())
            self.is_over.wait(due - time.monotonic())


def measure(page, seconds):
    """(frames a second, megabytes after each part) of a page that is open."""
    session = page.context.new_cdp_session(page)
    page.evaluate(COUNTER)
    rates, megabytes = [], []
    for _ in range(SAMPLES):
        frames, started = page.evaluate("window.frames"), time.monotonic()
        page.wait_for_timeout(1000 * seconds / SAMPLES)
        rates.append((page.evaluate("window.frames") - frames) / (time.monotonic() - started))
        session.send("HeapProfiler.collectGarbage")
        megabytes.append(session.send("Runtime.getHeapUsage")["usedSize"] / 1e6)
    return rates, megabytes, page.evaluate("window.longest")


def soak(browser, daemon, jobs, seconds):
    """Shows all jobs for so long; frames a second and megabytes in parts of the time, the longest frame in ms, rounds."""
    from support import browser as chrome
    from support.web import Web

    feeder = Feeder(Web(daemon), jobs)
    tabs = chrome.Tabs(browser, daemon.http_url())
    page = tabs.open()
    page.get_by_text(f"{jobs:,} jobs under way").wait_for()
    feeder.start()
    try:
        page.get_by_text("part 3 of many").first.wait_for()
        rates, megabytes, longest = measure(page, seconds)
        assert page.get_by_role("article").count() < 50, "only the rows that can be seen exist"
        assert tabs.complaints == []
    finally:
        feeder.is_over.set()
        feeder.join()
    last = feeder.rounds
    page.get_by_text(f"part {last} of many").first.wait_for()
    tabs.close()
    return rates, megabytes, longest, last


def growth(megabytes):
    """How many times as much there is at the end as after the first quarter."""
    quarter = len(megabytes) // 4
    return statistics.median(megabytes[-quarter:]) / statistics.median(megabytes[quarter:2 * quarter])


def describe(jobs, seconds, rates, megabytes, longest):
    return (f"{jobs} live jobs changing each second, {seconds} s: {statistics.mean(rates):.0f} frames/s "
            f"(slowest part {min(rates):.0f}, longest frame {longest:.0f} ms), "
            f"heap {megabytes[len(megabytes) // 4]:.1f} to {megabytes[-1]:.1f} MB (growth x{growth(megabytes):.2f})")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=1000)
    options = parser.parse_args()
    os.environ["BUILD_DIR"] = options.build
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../e2e"))
    from support import browser as chrome
    from support.daemon import Daemon

    daemon = Daemon(store="memory:")
    try:
        with chrome.chromium() as browser:
            rates, megabytes, longest, rounds = soak(browser, daemon, options.jobs, options.seconds)
    finally:
        daemon.kill()
    print(describe(options.jobs, options.seconds, rates, megabytes, longest))
    print("frames/s " + " ".join(f"{rate:.0f}" for rate in rates))
    print("heap MB  " + " ".join(f"{each:.1f}" for each in megabytes))
    sys.exit(0 if statistics.mean(rates) >= FRAMES_MIN and growth(megabytes) <= GROWTH_MAX else 1)


if __name__ == "__main__":
    main()
