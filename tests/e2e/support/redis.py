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

    def __init__(self, *options, password=None, port=None):
        self.folder = tempfile.mkdtemp(prefix="progressd-redis-")
        self.port = port or free_port()
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

    def key(self, job_id):
        """The key of a job."""
        return f"progress:{job_id}"

    def empty(self):
        self.ask("FLUSHALL")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder)


class Sentinels:
    """A master, a replica and three sentinels, who make the replica the master when the master is gone."""

    def __init__(self, *options):
        self.servers = [Redis(*options)]
        self.servers.append(Redis(*options, "--replicaof", f"127.0.0.1 {self.servers[0].port}"))
        self.folder = tempfile.mkdtemp(prefix="progressd-sentinels-")
        self.ports = [free_port() for _ in range(3)]
        self.sentinels = [self._start(port) for port in self.ports]
        wait.until(self._know_each_other, "the sentinels know each other and the replica", 30)

    @property
    def url(self):
        return "redis+sentinel://" + ",".join(f"127.0.0.1:{port}" for port in self.ports) + "/main"

    def _start(self, port):
        path = f"{self.folder}/{port}.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"port {port}\nbind 127.0.0.1\ndir {self.folder}\nlogfile {self.folder}/{port}.log\n"
                       f"sentinel monitor main 127.0.0.1 {self.servers[0].port} 2\n"
                       "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n")
        return subprocess.Popen(["redis-server", path, "--sentinel"], stdout=subprocess.DEVNULL)

    def ask(self, *words, port=None):
        done = subprocess.run(["redis-cli", "-p", str(port or self.ports[0]), "SENTINEL", *words], capture_output=True,
                              text=True, timeout=10, check=False)
        return done.stdout.strip()

    def _know_each_other(self):
        for port in self.ports:
            facts = self.ask("MASTER", "main", port=port).splitlines()
            pairs = dict(zip(facts[::2], facts[1::2]))
            if pairs.get("num-other-sentinels") != "2" or pairs.get("num-slaves") != "1" or pairs.get("flags") != "master":
                return False
        return True

    def master(self):
        port = int(self.ask("get-master-addr-by-name", "main").splitlines()[-1])
        return next(server for server in self.servers if server.port == port)

    def fail_over(self):
        """Makes the other server the master; returns when the sentinels say so."""
        before = self.master()
        wait.until(lambda: self.ask("FAILOVER", "main") == "OK", "a fail-over is begun", 30)
        wait.until(lambda: self.master() is not before, "the other is the master", 30)

    def close(self):
        for sentinel in self.sentinels:
            sentinel.kill()
            sentinel.wait()
        for server in self.servers:
            server.close()
        shutil.rmtree(self.folder)
