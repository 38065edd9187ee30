"""A real Redis Cluster of one test: three masters, each with a replica, in folders of their own."""

import os
import random
import socket
import subprocess

from . import wait
from .redis import Redis

BUS = 10000  # the nodes speak to each other on a port so much higher
SLOTS = 16384


def free_pair():
    """A port that is free, and whose bus is."""
    while True:
        port = random.randrange(20000, 30000)
        try:
            with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.1", port + BUS)):
                return port
        except OSError:
            continue


class Node(Redis):
    """One of the cluster."""

    def __init__(self, *options):
        super().__init__("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", *options, port=free_pair())

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def facts(self):
        """id → (flags, whether it is linked, its slots), as this node knows them."""
        lines = [line.split() for line in self.ask("CLUSTER", "NODES").splitlines()]
        return {line[0]: (line[2].split(","), line[1].split("@")[0], line[8:]) for line in lines if len(line) >= 8}

    def id(self):
        return self.ask("CLUSTER", "MYID")

    def is_master(self):
        return self.ask("ROLE").splitlines()[:1] == ["master"]

    def slot_count(self):
        own = self.facts().get(self.id(), ([], "", []))[2]
        ranges = [part.split("-") for part in own if not part.startswith("[")]
        return sum(int(part[-1]) - int(part[0]) + 1 for part in ranges)


class Cluster:
    """`masters` and `replicas` are who they are at the moment. Every test has keys of its own by a prefix."""

    def __init__(self, *options, size=6, replicas=1):
        self.nodes = [Node(*options) for _ in range(size)]
        self.prefix = ""
        addresses = [node.address for node in self.nodes]
        self.command("create", *addresses, "--cluster-replicas", str(replicas), "--cluster-yes")
        wait.until(self.is_well, "the cluster is well", 30)

    @property
    def url(self):
        return "redis+cluster://" + ",".join(node.address for node in self.nodes[:3]) + f"?prefix={self.prefix}"

    def command(self, what, *words, check=True):
        done = subprocess.run(["redis-cli", "--cluster", what, *words], capture_output=True, text=True, timeout=120,
                              check=False, env=os.environ)
        assert not check or done.returncode == 0, done.stdout[-2000:] + done.stderr
        return done.stdout

    def living(self):
        return [node for node in self.nodes if node.process.poll() is None]

    @property
    def masters(self):
        return [node for node in self.living() if node.is_master() and node.slot_count() > 0]

    @property
    def replicas(self):
        return [node for node in self.living() if not node.is_master()]

    def is_well(self):
        """All nodes agree that all slots are served, and each replica follows its master."""
        nodes = self.living()
        return all("cluster_state:ok" in node.ask("CLUSTER", "INFO") and
                   not any("fail" in flag for flags, _, _ in node.facts().values() for flag in flags)
                   for node in nodes) and all("master_link_status:up" in node.ask("INFO", "replication")
                                              for node in nodes if not node.is_master())

    def ask(self, *words):
        """The answer of the node that has the key."""
        return self.living()[0].ask("-c", *words)

    def key(self, job_id):
        """The key of a job, as docs/redis.md has it."""
        slot = int(self.living()[0].ask("CLUSTER", "KEYSLOT", job_id))
        return f"{self.prefix}progress:{{{slot // 64:x}}}:{job_id}"

    def empty(self):
        for node in self.masters:
            node.ask("FLUSHALL")

    def _agrees(self, node):
        return "All nodes agree" in self.command("check", node.address, check=False)

    def move_slots(self, giver, taker, count):
        wait.until(lambda: self._agrees(giver), "all nodes know whose the slots are", 30)
        self.command("reshard", giver.address, "--cluster-from", giver.id(), "--cluster-to", taker.id(),
                     "--cluster-slots", str(count), "--cluster-yes")

    def close(self):
        for node in self.nodes:
            node.close()
