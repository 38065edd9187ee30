"""Pictures of every page. The daemon first lives through an hour in a minute, by a clock that runs faster, so that there is a past.

Usage: screenshots.py BUILD FOLDER
"""

import glob
import heapq
import os
import pathlib
import random
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAST = 60  # how many times as fast the clock of the past runs
PAST_SECONDS = 3600
FAKE = {"LD_PRELOAD": next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), ""),
        "FAKETIME": f"-{PAST_SECONDS}s x{FAST}"}
TEMPO, BRIEF_SECONDS = 0.5, 5  # the stages' usual durations by the schema are shortened so; those without one are brief
SAID = {"DOWNLOADED": "210 MB", "UPLOADING": "to storage", "PROCESSING_STARTED": "worker-3 has it"}
JOBS = 110
HERO = "keynote-2026"


def typical_seconds():
    """Of the stages of the main flow between QUEUED and its end, in their order."""
    from support.messages import stages

    values = stages.DESCRIPTOR.enum_types_by_name["PipelineStage"].values
    rows = [(value.name.removeprefix("PIPELINE_STAGE_"), value.GetOptions().Extensions[stages.stage]) for value in list(values)[2:]]
    return {name: (row.typical_seconds or BRIEF_SECONDS / TEMPO) * TEMPO for name, row in rows
            if row.flow == stages.STAGE_FLOW_MAIN and not row.ends_as}


def plot(chance):
    """The story of a job: (seconds after its start, stage, what is said)."""
    from support import world

    pace = chance.lognormvariate(0, 0.25)
    at, story = chance.uniform(2, 40), []
    for stage, seconds in typical_seconds().items():
        story.append((at, stage, SAID.get(stage) or world.SAID[stage]))
        at += seconds * pace * chance.lognormvariate(0, 0.2)
        if chance.random() < 0.013:
            return story + [(at, "FAILED", world.ENDS["FAILED"])]
    return story + [(at, "COMPLETED", f"{chance.randint(3, 9)} clips")]


def events(chance):
    """All that happens within the hour, in order: (second, job number, stage, said, share of the stage that is done)."""
    queue = []
    for number in range(JOBS):
        start = PAST_SECONDS * (number / JOBS) ** 0.9
        queue.append((start, number, None, "", None))
        story = plot(chance)
        for index, (after, stage, said) in enumerate(story):
            queue.append((start + after, number, stage, said, None))
            until = story[index + 1][0] if index + 1 < len(story) else after
            if stage in ("DOWNLOADING", "TRANSCRIBING", "PROCESSING", "UPLOADING_CLIPS"):
                queue += [(start + after + (until - after) * part / 12, number, stage, said, part / 12)
                          for part in range(1, 12)]
    return queue


def live_through(web, chance):
    """Tells the daemon all of it, at the pace of its own clock."""
    from support import world

    queue = [event for event in events(chance) if event[0] < PAST_SECONDS]
    heapq.heapify(queue)
    began = time.monotonic()
    names = {}
    while queue:
        second, number, stage, said, share = heapq.heappop(queue)
        time.sleep(max(0, began + second / FAST - time.monotonic()))
        if stage is None:
            names[number] = world.create(web, number)
            continue
        common = {"jobId": names[number], "stage": world.STAGE + stage, "message": said}
        if share is not None:
            web.call("UpdateProgressIncremental", {**common, "fraction": share})
        elif stage == "ANALYZING":
            web.call("SimulateProgress", common)
        else:
            web.call("UpdateProgress", common)


def go_on(web):
    """What is under way when the pictures are taken."""
    from support import world

    world.call(web, "CreateJob", jobId=HERO, pipeline="clips", metadata={
        "owner": "mira@example.org", "title": "Opening keynote, hall 1", "video_id": "abc123", "process_task_id": "xyz789"})
    world.call(web, "SimulateProgress", jobId=HERO, stage=world.STAGE + "PROCESSING", message="cutting clip 2 of 5")
    world.lose(web, "lecture-07-take-2")
    world.call(web, "CreateJob", jobId="trailer-b-second-cut", pipeline="shorts", message="waits for a free worker")
    world.call(web, "UpdateProgressIncremental", jobId="interview-mira-uncut", stage=world.STAGE + "UPLOADING_CLIPS",
               message=world.SAID["UPLOADING_CLIPS"], fraction=0.3)


def shoot(browser, url, folder):
    from support import browser as chrome

    finished = {"job": None}
    for scheme in chrome.SCHEMES:
        for size, viewport in (("wide", chrome.WIDE), ("phone", chrome.PHONE)):
            tabs = chrome.Tabs(browser, url, color_scheme=scheme, viewport=viewport)
            page = tabs.open("/history")
            page.get_by_text("Succeeded").nth(1).wait_for()
            if finished["job"] is None:
                finished["job"] = page.locator("main li", has_text="Succeeded").first.locator("a").get_attribute("href")
            places = {"dashboard": "/", "history": "/history", "overview": "/overview", "job": finished["job"]}
            for name, path in places.items():
                page.goto(url + path)
                page.locator("[data-connection=live]").wait_for()
                page.wait_for_timeout(700)
                page.screenshot(path=f"{folder}/{name}-{scheme}-{size}.png")
            assert tabs.complaints == [], tabs.complaints
            tabs.close()


def main():
    os.environ["BUILD_DIR"], folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    sys.path.insert(0, str(ROOT / "tests/e2e"))
    from support import browser as chrome
    from support.daemon import Daemon
    from support.web import Web

    daemon = Daemon(env=FAKE)
    try:
        live_through(Web(daemon), random.Random(7))
        daemon.stop()
        daemon.env = {name: value for name, value in daemon.env.items() if name not in FAKE}
        daemon.start()
        go_on(Web(daemon))
        time.sleep(1)
        with chrome.chromium() as browser:
            shoot(browser, daemon.http_url(), folder)
    finally:
        if daemon.process.poll() is None:
            daemon.kill()


if __name__ == "__main__":
    main()
