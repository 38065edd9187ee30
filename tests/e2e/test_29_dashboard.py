"""The dashboard in a real browser, served by a real daemon."""

import http.server
import os
import re
import shutil
import subprocess
import sys
import threading

import pytest

from support import browser as chrome
from support import video, wait, world
from support.browser import bar, percent, row, samples, watch_bar
from support.places import TREE, program
from support.ports import free_port
from support.web import Web

if not os.path.exists(chrome.CHROMIUM) and not os.environ.get("CI"):
    pytest.skip("Chromium is not installed: script/bootstrap e2e installs it", allow_module_level=True)

RECOVER_SECONDS = 5
SOAK_SECONDS = 20  # tests/stress/dashboard.py takes ten minutes
HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>{{7*7}}" onmouseover="window.pwned=1'


@pytest.fixture(scope="module")
def browser():
    with chrome.chromium() as browser:
        yield browser


@pytest.fixture
def open_tabs(browser):
    """Tabs of a profile; whatever they do, none may complain."""
    opened = []

    def start(url, **options):
        opened.append(chrome.Tabs(browser, url, **options))
        return opened[-1]

    yield start
    complaints = [text for tabs in opened for text in tabs.complaints]
    for tabs in opened:
        tabs.close()
    assert complaints == []


@pytest.fixture
def tabs(open_tabs, daemon):
    return open_tabs(daemon.http_url())


def update(web, job_id, stage, **fields):
    return world.call(web, "UpdateProgress", jobId=job_id, stage=world.STAGE + stage, **fields)


def advance(web, job_id, stage, fraction, **fields):
    return world.call(web, "UpdateProgressIncremental", jobId=job_id, stage=world.STAGE + stage, fraction=fraction, **fields)


def falls(seen):
    """Where a bar went back."""
    return [(before, after) for before, after in zip(seen, seen[1:]) if after < before]


# ---- what the daemon serves

def test_the_pages_come_with_the_daemon_under_a_strict_policy(web):
    start = web.get("/")
    assert start.status == 200 and start.fields["content-type"] == "text/html; charset=utf-8"
    policy = start.fields["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert start.fields["x-content-type-options"] == "nosniff" and start.fields["cache-control"] == "no-cache"
    assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', start.body.decode())
    types = {name.rsplit(".", 1)[1]: web.get(name) for name in assets}
    assert types["js"].fields["content-type"].startswith("text/javascript")
    assert types["css"].fields["content-type"].startswith("text/css")
    assert all("immutable" in answer.fields["cache-control"] for answer in types.values())
    for path in ("/history", "/overview", "/jobs/a.b:c"):
        assert web.get(path).body == start.body
    head = web.ask("HEAD", assets[0])
    assert (head.status, head.body) == (200, b"") and int(head.fields["content-length"]) > 0
    assert web.get(assets[0], If_None_Match=head.fields["etag"]).status == 304


@pytest.mark.parametrize("path", ["/jobs", "/jobs/", "/jobs/a/b", "/api/nothing", "/historyx", "/assets/", "/assets/none.js",
                                  "/index.htm", "/jobs/..", "/src/main.tsx"])
def test_other_paths_are_not_pages(web, path):
    assert web.get(path).error() == (404, "not_found")


def test_the_pages_can_be_left_out(start_daemon):
    web = Web(start_daemon("--dashboard", "off"))
    assert b"not served here" in web.get("/").body
    assert web.get("/history").error() == (404, "not_found")


def test_a_stale_build_is_noticed(tmp_path):
    sources = ["clients/dashboard", "clients/ts/src", "gen/ts", "script/dashboard"]
    for name in sources:
        if (TREE / name).is_dir():
            shutil.copytree(TREE / name, tmp_path / name, symlinks=True, ignore=shutil.ignore_patterns("node_modules"))
        else:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TREE / name, tmp_path / name)

    def check():
        return subprocess.run([tmp_path / "script/dashboard", "--check"], capture_output=True, text=True, check=False)

    assert check().returncode == 0
    for name in ("clients/dashboard/src/app/app.tsx", "clients/ts/src/curve.ts", "clients/dashboard/dist/index.html"):
        before = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(before + b"\n")
        completed = check()
        assert completed.returncode == 1 and "script/dashboard" in completed.stderr, name
        (tmp_path / name).write_bytes(before)
    assert check().returncode == 0


# ---- jobs under way

def test_a_bar_moves_and_never_goes_back_and_ends_at_100(tabs, web):
    advance(web, "job-1", "TRANSCRIBING", 0.1, message="speech to text")
    page = tabs.open("/jobs/job-1")
    watch_bar(page, "job-1")
    for step in range(1, 10):
        advance(web, "job-1", "TRANSCRIBING", step / 10)
    update(web, "job-1", "ANALYZING")
    world.call(web, "SimulateProgress", jobId="job-1", stage=world.STAGE + "PROCESSING", expectedDuration="3s")
    wait.until(lambda: percent(page, "job-1") > 72, "the simulated bar moves by itself")
    update(web, "job-1", "COMPLETED", message="5 clips")
    wait.until(lambda: percent(page, "job-1") == 100, "the bar is full")
    page.get_by_text("Succeeded").first.wait_for()
    wait.until(lambda: samples(page)[-1] > 0.9999, "the bar is drawn full")
    seen = samples(page)
    assert falls(seen) == [], "it never went back"
    assert len({round(value, 3) for value in seen}) > 20, "it moved smoothly"


@pytest.mark.skipif(not os.path.exists(program("clip-worker")), reason="the clip worker is not built")
def test_a_real_video_is_followed_to_its_end(tabs, daemon, start_program, tmp_path):
    (tmp_path / "work").mkdir()
    server = video.WebServer(video.make(tmp_path))
    page = tabs.open("/jobs/film-1")
    try:
        page.get_by_text("This job cannot be shown").wait_for()
        worker = start_program("clip-worker", "--server", daemon.url, "--job", "film-1", "--work", str(tmp_path / "work"),
                               "--out", f"{server.url}/clips", f"{server.url}/video.mp4")
        watch_bar(page, "film-1")
        assert worker.wait(timeout=120) == 0
        wait.until(lambda: percent(page, "film-1") == 100, "the bar is full")
    finally:
        server.close()
    tabs.forgive(404)
    seen = samples(page)
    assert falls(seen) == []
    names = page.get_by_role("list", name="Attempt 1").get_by_role("listitem").all_inner_texts()
    assert len(names) >= 8, "each stage has a bar of its own on the time axis"


def test_jobs_come_and_go_as_they_are_worked_on(tabs, web):
    page = tabs.open()
    page.get_by_text("All is quiet").wait_for()
    advance(web, "job-1", "PROCESSING", 0.5, message="cutting clip 3 of 5")
    row(page, "job-1").get_by_text("cutting clip 3 of 5").wait_for()
    assert row(page, "job-1").get_by_text("Processing clips").is_visible()
    wait.until(lambda: percent(page, "job-1") == 80, "half of the stage")
    world.lose(web)
    row(page, "lost-worker-7").get_by_text(re.compile("Lost|Stalled")).wait_for()
    update(web, "job-1", "COMPLETED")
    row(page, "job-1").wait_for(state="detached")
    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name="job-1").click()
    page.get_by_role("heading", name="job-1").wait_for()
    assert page.title() == "job-1 · progressd"
    page.go_back()
    page.get_by_role("heading", name="History").wait_for()


def test_a_job_is_cancelled_only_when_one_is_sure(tabs, web):
    update(web, "job-1", "ANALYZING")
    page = tabs.open()
    page.get_by_role("button", name="Cancel job-1").click()
    page.get_by_role("button", name="Keep it running").click()
    page.get_by_role("dialog").wait_for(state="detached")
    assert "cancelRequested" not in world.call(web, "GetProgress", jobId="job-1")["progressInfo"]
    page.get_by_role("button", name="Cancel job-1").click()
    page.get_by_label("Reason").fill("wrong video")
    page.keyboard.press("Enter")
    row(page, "job-1").get_by_text("Cancelling").wait_for()
    info = world.call(web, "GetProgress", jobId="job-1")["progressInfo"]
    assert (info["cancelRequested"], info["cancelReason"]) == (True, "wrong video")


def test_jobs_are_found_by_words_stage_and_kind_and_by_keyboard_alone(tabs, web):
    world.fill(web, ended=0, live=12)
    page = tabs.open()
    wait.until(lambda: page.get_by_role("article").count() == 13, "all jobs are shown")
    page.keyboard.press("/")
    page.keyboard.type("TRAILER cutting")
    wait.until(lambda: page.get_by_role("article").count() == 1, "only one has both words")
    page.get_by_role("button", name="Clear search").press("Enter")
    page.get_by_label("Stage", exact=True).select_option("Transcribing audio")
    wait.until(lambda: page.get_by_role("article").count() == 2, "those of the stage")
    page.get_by_label("Stage", exact=True).select_option("All stages")
    page.get_by_role("radio", name=re.compile("Trouble")).press("Space")
    wait.until(lambda: page.get_by_role("article").count() == 1, "the lost one")
    page.get_by_role("link", name="lost-worker-7").press("Enter")
    page.get_by_role("heading", name="lost-worker-7").wait_for()


def test_thousands_of_jobs_are_few_rows(tabs, web):
    updates = [{"updateProgress": {"jobId": f"job-{number:04}", "stage": world.STAGE + "ANALYZING"}} for number in range(3000)]
    for first in range(0, len(updates), 1000):
        world.call(web, "BatchUpdateProgress", updates=updates[first:first + 1000], omitProgressInfo=True)
    page = tabs.open()
    page.get_by_text("3,000 jobs under way").wait_for()
    assert page.get_by_role("article").count() < 50
    page.keyboard.press("End")
    page.locator("li[aria-posinset='3000']").wait_for()
    assert page.get_by_role("article").count() < 50


def test_a_thousand_jobs_that_change_each_second_leave_no_rubbish(browser, start_daemon, figure):
    sys.path.insert(0, str(TREE / "tests/stress"))
    import dashboard as stress

    rates, megabytes, longest, rounds = stress.soak(browser, start_daemon(store="memory:"), 1000, SOAK_SECONDS)
    figure(stress.describe(1000, SOAK_SECONDS, rates, megabytes, longest))
    assert rounds > 3 and stress.growth(megabytes) < 1.25


# ---- trouble

def test_after_a_kill_and_a_restart_the_page_goes_on_by_itself(open_tabs, start_daemon):
    daemon = start_daemon("--http", f"127.0.0.1:{free_port()}")
    web, page = Web(daemon), open_tabs(daemon.http_url()).open()
    for number in range(5):
        advance(web, f"job-{number}", "TRANSCRIBING", 0.5)
    watch_bar(page, "job-1")
    wait.until(lambda: percent(page, "job-1") == 37, "the bar is where it should be")
    page.evaluate("""() => {
        window.wrong = [];
        new MutationObserver(() => {
            if (document.querySelectorAll("article").length !== 5 || document.querySelector("[role=alert]"))
                window.wrong.push(document.body.innerText);
        }).observe(document.body, { childList: true, subtree: true, characterData: true });
        window.loaded = 1;
    }""")
    daemon.kill()
    wait.until(lambda: page.locator("[data-connection=live]").count() == 0, "the page notices")
    assert page.get_by_role("article").count() == 5, "the last state stays"
    daemon.start()
    advance(web, "job-1", "TRANSCRIBING", 0.8)
    wait.until(lambda: percent(page, "job-1") == 45, "the page has recovered", RECOVER_SECONDS)
    page.locator("[data-connection=live]").wait_for(timeout=RECOVER_SECONDS * 1000)
    assert page.evaluate("window.loaded") == 1, "without a reload"
    assert page.evaluate("window.wrong") == [], "nothing wrong was shown in between"
    assert falls(samples(page)) == []


def test_eight_tabs_work_at_once(tabs, web):
    update(web, "job-1", "DOWNLOADING")
    pages = [tabs.open("/" if number % 2 else "/jobs/job-1") for number in range(8)]
    for page in pages:
        bar(page, "job-1").wait_for()
    for step in range(1, 11):
        advance(web, "job-1", "PROCESSING", step / 10, message=f"step {step}")
    for page in pages:
        page.get_by_text("step 10").first.wait_for()
        wait.until(lambda: percent(page, "job-1") == 90, "each tab has the newest state")


def test_html_in_names_messages_and_metadata_is_only_text(tabs, web):
    world.call(web, "CreateJob", jobId="job:1.a_b-c", pipeline="clips", message=HOSTILE, metadata={"title": HOSTILE})
    update(web, "job:1.a_b-c", "ANALYZING", message=HOSTILE)
    page = tabs.open()
    row(page, "job:1.a_b-c").get_by_text(HOSTILE, exact=True).wait_for()
    page.get_by_role("link", name="job:1.a_b-c").click()
    page.get_by_role("definition").get_by_text(HOSTILE, exact=True).wait_for()
    update(web, "job:1.a_b-c", "FAILED", message=HOSTILE)
    page.get_by_role("alert").get_by_text(HOSTILE, exact=True).wait_for()
    history = tabs.open("/history")
    history.get_by_text(HOSTILE, exact=True).wait_for()
    strange = tabs.open("/jobs/%3Cimg%20src=x%20onerror=pwned=1%3E")
    strange.get_by_text("This job cannot be shown").wait_for()
    for each in (page, history, strange):
        assert each.evaluate("window.pwned") is None
        assert each.locator("img[src=x], main script").count() == 0
    tabs.forgive(400)


def test_a_token_is_asked_for_and_kept_for_the_tab(open_tabs, start_daemon, tmp_path):
    prg = [program("prg"), "token", "create", "--file", str(tmp_path / "tokens"), "--scope"]
    worker, reader = (subprocess.run([*prg, scope], capture_output=True, text=True, check=True).stdout.strip()
                      for scope in ("report", "read"))
    daemon = start_daemon("--tokens", str(tmp_path / "tokens"))
    with daemon.client(token=worker) as client:
        client.call("UpdateProgress", job_id="job-1", stage="PIPELINE_STAGE_ANALYZING")
    tabs = open_tabs(daemon.http_url())
    page = tabs.open()
    for token in ("wrong", reader):
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        if token == "wrong":
            page.get_by_text("does not take this token").wait_for()
    row(page, "job-1").wait_for()
    assert page.evaluate("localStorage.length + document.cookie.length") == 0
    page.reload()
    row(page, "job-1").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Token").wait_for()
    tabs.forgive(401)


# ---- for everybody

@pytest.mark.parametrize("scheme", chrome.SCHEMES)
@pytest.mark.parametrize("size", [chrome.WIDE, chrome.PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_wrong_on_any_page(open_tabs, daemon, web, scheme, size):
    world.fill(web)
    update(web, "again", "TRANSCRIBING")
    update(web, "again", "FAILED", message="out of memory")
    update(web, "twice", "TRANSCRIBING")
    update(web, "twice", "DOWNLOADING", attempt=2)
    tabs = open_tabs(daemon.http_url(), color_scheme=scheme, viewport=size)
    ready = {"/": "lost-worker-7", "/history": "Page 1", "/overview": "Queued", "/jobs/again": "Entered Transcribing audio",
             "/jobs/twice": "Attempt 2", "/jobs/nobody": "This job cannot be shown"}
    for path, text in ready.items():
        page = tabs.open(path)
        page.get_by_text(text).first.wait_for()
        assert chrome.faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is no wider than the window"
        page.close()
    page = tabs.open()
    page.get_by_role("button", name="Cancel lost-worker-7").click()
    page.get_by_label("Reason").wait_for()
    assert chrome.faults(page) == []
    tabs.forgive(404)


def test_the_colours_can_be_chosen_and_stay(tabs):
    page = tabs.open()
    html = page.locator("html")
    assert html.get_attribute("data-mantine-color-scheme") == "light"
    page.get_by_role("button", name="Dark colours").click()
    assert html.get_attribute("data-mantine-color-scheme") == "dark"
    page.reload()
    page.get_by_role("button", name="Light colours").wait_for()
    assert html.get_attribute("data-mantine-color-scheme") == "dark"


def test_who_wants_no_motion_gets_steps(open_tabs, daemon, web):
    world.call(web, "SimulateProgress", jobId="job-1", stage=world.STAGE + "PROCESSING", expectedDuration="40s")
    page = open_tabs(daemon.http_url(), reduced_motion="reduce").open("/jobs/job-1")
    watch_bar(page, "job-1")
    wait.until(lambda: len(set(samples(page))) >= 5, "it goes on")
    places = samples(page)
    assert len(set(places)) * 10 < len(places), "most frames show what the one before did"


# ---- the examples to copy

def test_the_example_for_plain_pages_follows_a_job(open_tabs, start_daemon):
    class Files(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    folder = str(TREE / "clients/ts/examples")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Files(*args, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        site = f"http://127.0.0.1:{server.server_address[1]}"
        daemon = start_daemon("--http-origin", site)
        web = Web(daemon)
        advance(web, "job-1", "TRANSCRIBING", 0.5, message="speech to text")
        tabs = open_tabs(site)
        page = tabs.open(f"/events.html?job=job-1&server={daemon.http_url()}")
        page.get_by_text("37 % Transcribing audio speech to text").wait_for()
        update(web, "job-1", "COMPLETED", message="5 clips")
        page.get_by_text("100 % Completed 5 clips").wait_for()
        assert page.get_by_role("progressbar").get_attribute("value") == "100"
        tabs.forgive(404)  # it has no icon
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_example_for_react_follows_a_job(open_tabs, start_daemon, tmp_path):
    tools = TREE / "clients/ts/node_modules"
    if not (tools / ".bin/esbuild").exists() and not os.environ.get("CI"):
        pytest.skip("no npm packages: script/bootstrap e2e installs them")
    (tmp_path / "main.tsx").write_text(
        'import { createRoot } from "react-dom/client";\n'
        f'import {{ VideoProcessing }} from "{TREE}/clients/ts/examples/react_page";\n'
        'createRoot(document.body).render(<VideoProcessing jobId="job-1" />);\n', encoding="utf-8")
    site = tmp_path / "site"
    (site / "assets").mkdir(parents=True)
    (site / "index.html").write_text('<!doctype html><title>x</title><link rel="icon" href="data:,"><body><script src="/assets/app.js"></script>')
    subprocess.run([tools / ".bin/esbuild", tmp_path / "main.tsx", "--bundle", f"--outfile={site}/assets/app.js",
                    "--jsx=automatic", "--log-level=warning", f"--alias:progressd={TREE}/clients/ts/src"],
                   check=True, cwd=tmp_path, env={**os.environ, "NODE_PATH": str(tools)})
    daemon = start_daemon("--dashboard", str(site))
    web = Web(daemon)
    advance(web, "job-1", "TRANSCRIBING", 0.5)
    page = open_tabs(daemon.http_url()).open()
    page.get_by_text("37 % complete").wait_for()
    watch_bar(page, "job-1")
    update(web, "job-1", "COMPLETED")
    page.get_by_text("100 % complete").wait_for()
    wait.until(lambda: percent(page, "job-1") == 100, "the bar is full")
