"""A real redis-server of one test: its own folder, a free port, stopped by its process id."""

import os
import shutil
import socket
import subprocess
import tempfile

from . import wait

SAFE = ("--appendonly", "yes", "--appendfsync", "always")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Redis:
    """Starts the server; `kill` and `start` again keep folder and port. Without options it keeps nothing."""

    def __init__(self, *options, password=None):
        self.folder = tempfile.mkdtemp(prefix="progressd-redis-")
        self.port = free_port()
        self.options = [*options, *(["--requirepass", password] if password else [])]
        self.password = password
        self.process = None
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        words = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
                 "--logfile", f"{self.folder}/log"]
        self.process = subprocess.Popen([*words, *self.options], stdout=subprocess.DEVNULL)
        wait.until(self._answers, "redis-server answers")

    def _answers(self):
        assert self.process.poll() is None, "redis-server has ended"
        return self.ask("PING") == "PONG"

    def ask(self, *words):
        """The answer as redis-cli prints it; empty when there is none."""
        env = {**os.environ, **({"REDISCLI_AUTH": self.password} if self.password else {})}
        done = subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=10,
                              check=False, env=env)
        return done.stdout.strip() if done.returncode == 0 else ""

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder)
