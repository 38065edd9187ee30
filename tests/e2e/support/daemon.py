"""A progressd of one test: its own folder, its own sockets, stopped by its process id."""

import os
import signal
import subprocess
import tempfile

from . import places, rpc, wait


class Daemon:
    """Starts progressd; `kill` and `start` again keep folder, store and the unix sockets. A bare one is told nothing
    but the options given."""

    def __init__(self, *options, store=None, env=None, bin_folder=None, is_bare=False):
        self.folder = tempfile.mkdtemp(prefix="progressd-test-")
        self.url = f"ipc://{self.folder}/rpc.sock"
        self.events_url = f"ipc://{self.folder}/events.sock"
        self.store_path = f"{self.folder}/progress.db"
        self.store = store or f"file:{self.store_path}"
        self.program = f"{bin_folder}/progressd" if bin_folder else places.program("progressd")
        places_of_ours = [
            "--rpc",
            self.url,
            "--rpc",
            "tcp://127.0.0.1:0",
            "--pub",
            self.events_url,
            "--store",
            self.store,
        ]
        self.options = [*([] if is_bare else places_of_ours), *options]
        self.env = {**os.environ, "PROGRESSD_HTTP": "127.0.0.1:0", **(env or {})}
        self.process = None
        self.ready_count = 0
        self.start()

    def start(self):
        with open(f"{self.folder}/log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([self.program, *self.options], stderr=log, env=self.env)
        wait.until(
            lambda: self._count_ready() > self.ready_count or self.process.poll() is not None, "the daemon is ready"
        )
        assert self.process.poll() is None, f"exit {self.process.returncode}: {self.log()}"
        self.ready_count = self._count_ready()

    def _count_ready(self):
        return self.log().count("event=ready")

    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8") as log:
            return log.read()

    def ready_line(self):
        """The last one, as a dictionary of its pairs."""
        line = [line for line in self.log().splitlines() if "event=ready" in line][-1]
        return dict(pair.split("=", 1) for pair in line.split())

    def tcp_url(self, door="rpc"):
        """Where it listens on tcp, with the port that it was given."""
        lines = [line for line in self.log().splitlines() if f"door={door}" in line and "tcp://" in line]
        return lines[-1].split("url=")[1].split()[0]

    def http_url(self):
        """Where it answers HTTP, "http://127.0.0.1:PORT"."""
        return self.ready_line()["http"]

    def client(self, **options):
        return rpc.Client(self.url, **options)

    def kill(self):
        """As the kernel kills: no chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, number=signal.SIGTERM):
        """In good order; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=30)
