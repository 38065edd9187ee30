"""Debian's Chromium, driven by Playwright: pages that must not complain, and what is seen on them."""

import contextlib
import os

import playwright.sync_api

from . import places

CHROMIUM = "/usr/bin/chromium"
AXE = places.TREE / "clients/dashboard/node_modules/axe-core/axe.min.js"
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
SCHEMES = ("light", "dark")

# Notes where a bar stands in each frame: the share that is filled, from 0 to 1.
SAMPLER = """name => {
    const samples = (window.samples = []);
    const bar = () => document.querySelector(`[role=progressbar][aria-label="${name}"] > div`);
    const step = () => {
        const shift = /translateX\\((.+)%\\)/.exec(bar()?.style.transform ?? "");
        if (shift) samples.push(1 + Number(shift[1]) / 100);
        requestAnimationFrame(step);
    };
    step();
}"""


@contextlib.contextmanager
def chromium(*arguments):
    """A browser without a window. Chromium's own sandbox does not work for root."""
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*flags, *arguments])
        yield browser
        browser.close()


class Tabs:
    """Pages of one browser profile. What they complain about is kept: errors, warnings and breaches of the policy.
    Complaints about a daemon that is away are none: a browser tells of each lost connection by itself."""

    AWAY = ("net::ERR_CONNECTION_REFUSED", "net::ERR_INCOMPLETE_CHUNKED_ENCODING", "net::ERR_CONNECTION_RESET",
            "net::ERR_EMPTY_RESPONSE", "net::ERR_SOCKET_NOT_CONNECTED")

    def __init__(self, browser, url, **options):
        options = {"viewport": WIDE, "locale": "en-GB", **options}
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(20_000)
        self.url, self.complaints = url, []

    def open(self, path="/"):
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(self.url + path)
        return page

    def _hear(self, message):
        if message.type in ("error", "warning") and not any(word in message.text for word in self.AWAY):
            self.complaints.append(message.text)

    def forgive(self, status):
        """The test asks for what is refused so, and a browser tells of that by itself."""
        self.complaints[:] = [text for text in self.complaints if f"responded with a status of {status}" not in text]

    def close(self):
        self.context.close()


def row(page, job_id):
    """The row of a job on the Dashboard."""
    return page.get_by_role("article", name=job_id, exact=True)


def bar(page, job_id):
    return page.get_by_role("progressbar", name=job_id, exact=True)


def percent(page, job_id):
    """What the bar says, as a number."""
    return int(bar(page, job_id).get_attribute("aria-valuenow") or -1)


def watch_bar(page, job_id):
    """From now on each frame of the bar is noted, see samples()."""
    bar(page, job_id).wait_for()
    page.evaluate(SAMPLER, job_id)


def samples(page):
    return page.evaluate("window.samples")


def faults(page):
    """What axe finds wrong, when nothing moves any more: (impact, rule, where)."""
    page.evaluate("Promise.all(document.getAnimations().map(animation => animation.finished.catch(() => 0)))")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [(fault["impact"], fault["id"], fault["nodes"][0]["html"][:200], fault["nodes"][0]["failureSummary"])
            for fault in found["violations"]]
