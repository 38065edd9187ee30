"""Two daemons on a Redis Cluster whose slots move and whose masters die, while it is in use."""

import threading
import time

import pytest

from support.messages import rpc, stage
from support.places import documented_rights
from support.redis import SAFE
from support.redis_cluster import SLOTS, Cluster, Node
from support.rpc import Refused
from support.wait import until
from support.watcher import Watcher

NOT_FOUND, UNAVAILABLE = 5, 14
JOBS, WRITERS = 300, 4


@pytest.fixture
def cluster():
    servers = Cluster(*SAFE)
    yield servers
    servers.close()


@pytest.fixture
def pair(cluster, start_daemon):
    return start_daemon(store=cluster.url), start_daemon(store=cluster.url)


def advance(client, job_id, done):
    return client.call("UpdateProgressIncremental", job_id=job_id, stage=stage("downloading"), done=done, total=100000,
                       writer="w", sequence=done).progress_info


class Load:
    """Writers who change all jobs in turn, and read each through the other daemon. What is refused as UNAVAILABLE is said
    again."""

    def __init__(self, pair):
        self.is_over = threading.Event()
        self.problems, self.refusals = [], []
        self.done = [0] * JOBS
        self.longest = 0
        self.threads = [threading.Thread(target=self._work, args=(pair, number)) for number in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def _work(self, pair, number):
        try:
            with pair[number % 2].client() as writer, pair[1 - number % 2].client() as reader:
                while not self.is_over.is_set():
                    for job in range(number, JOBS, WRITERS):
                        self._advance(writer, reader, job)
        except Exception as problem:  # told by `end`, in the thread of the test
            self.problems.append(problem)

    def _insist(self, ask):
        while True:
            try:
                return ask()
            except Refused as refused:
                if refused.code != UNAVAILABLE:
                    raise
                self.refusals.append(refused)
                time.sleep(0.01)

    def _advance(self, writer, reader, job):
        begin = time.monotonic()
        written = self._insist(lambda: advance(writer, f"job-{job}", self.done[job] + 1))
        self.done[job] += 1
        read = self._insist(lambda: reader.call("GetProgress", job_id=f"job-{job}").progress_info)
        assert (read.done, read.revision) == (written.done, written.revision), "a read sees what was acknowledged"
        self.longest = max(self.longest, time.monotonic() - begin)

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)
        assert self.problems == []
        return sum(self.done)


def listed(daemon):
    """job_id → revision, by pages."""
    jobs, token = {}, None
    with daemon.client() as client:
        while token != "":
            page = client.call("ListJobs", page_size=100, page_token=token or "")
            jobs.update({info.job_id: info.revision for info in page.jobs})
            token = page.next_page_token
    return jobs


def owner(cluster, job_id):
    """The master that has the job."""
    slot = int(cluster.living()[0].ask("CLUSTER", "KEYSLOT", cluster.key(job_id)))
    for node in cluster.masters:
        for part in node.facts()[node.id()][2]:
            first, last = part.split("-")[0], part.split("-")[-1]
            if not part.startswith("[") and int(first) <= slot <= int(last):
                return node
    return None


def look_until_all_is_known(watcher, done):
    def is_known():
        watcher.look(1)
        return {name: info.done for name, info in watcher.known.items()} == {
            f"job-{job}": count for job, count in enumerate(done)}

    until(is_known, "the watcher knows all", 30)


def test_half_of_the_slots_move_under_load_without_an_error(cluster, pair, figure):
    load = Load(pair)
    until(lambda: all(load.done) or load.problems, "all jobs are there")
    watcher = Watcher(pair[1])
    masters = cluster.masters
    begin = time.monotonic()
    for giver, taker in zip(masters, masters[1:] + masters[:1]):
        cluster.move_slots(giver, taker, SLOTS // 2 // len(masters) + 1)
        watcher.look(0)
    seconds = time.monotonic() - begin
    updates = load.end()
    look_until_all_is_known(watcher, load.done)
    assert listed(pair[0]) == {f"job-{job}": count for job, count in enumerate(load.done)}
    assert load.refusals == []
    watcher.leave()
    figure(f"half of the slots moved in {seconds:.0f} s under {updates} updates: none refused, the longest with its read "
           f"{load.longest * 1000:.0f} ms, {watcher.resyncs} resyncs")


def test_masters_hand_over_under_load_and_nothing_is_lost_or_done_twice(cluster, pair, figure):
    load = Load(pair)
    until(lambda: all(load.done) or load.problems, "all jobs are there")
    for replica in cluster.replicas:
        until(lambda node=replica: node.is_master() or node.ask("CLUSTER", "FAILOVER") and node.is_master(),
              "the replica is the master", 30)
    until(cluster.is_well, "the cluster is well", 30)
    updates = load.end()
    assert listed(pair[1]) == {f"job-{job}": count for job, count in enumerate(load.done)}
    figure(f"three masters handed over under {updates} updates: {len(load.refusals)} refusals, the longest update with its "
           f"read {load.longest * 1000:.0f} ms")


def test_a_killed_master_is_replaced(cluster, pair, figure):
    """The worker tells its latest state, wherever the store is by now, as a reporter does."""
    watcher, refusals = Watcher(pair[1], "job-1", wait_for_creation=True), []

    def call(client, method, **fields):
        begin = time.monotonic()
        try:
            return client.call(method, job_id="job-1", **fields).progress_info
        except Refused as refused:
            assert refused.code in (NOT_FOUND, UNAVAILABLE), refused
            refusals.append(time.monotonic() - begin)
            return None

    def agree(clients, done):
        def is_known():
            told = call(clients[0], "UpdateProgressIncremental", stage=stage("downloading"), done=done, total=1000)
            shown = call(clients[1], "GetProgress")
            try:
                watcher.look(0)
            except Refused as refused:
                assert refused.code in (NOT_FOUND, UNAVAILABLE), refused
                return False
            known = watcher.known.get("job-1")
            return told is not None and shown is not None and known is not None and shown.done == known.done == done

        until(is_known, "all know it", 30)

    with pair[0].client() as one, pair[1].client() as other:
        agree((one, other), 1)
        killed = owner(cluster, "job-1")
        killed.kill()
        until(lambda: call(one, "UpdateProgressIncremental", stage=stage("downloading"), done=2, total=1000) is None,
              "updates are refused")
        until(lambda: owner(cluster, "job-1") is not None, "another node has the slot", 30)
        begin = time.monotonic()
        agree((one, other), 3)
        seconds = time.monotonic() - begin
        killed.start()
        until(cluster.is_well, "the killed one is a replica", 30)
        agree((one, other), 4)
    watcher.leave()
    assert seconds < 5
    assert max(refusals) < 1.5, "within a second, and a little for a busy machine"
    figure(f"a killed master of the cluster: refused within {max(refusals) * 1000:.0f} ms, all agree {seconds:.1f} s after "
           "it was replaced")


def test_the_documented_rights_are_enough(cluster, start_daemon):
    for node in cluster.nodes:
        assert node.ask(*documented_rights()[1].replace("PASSWORD", "very-secret").split()) == "OK"
    daemon = start_daemon(store=cluster.url.replace("//", "//progressd@"), env={"PROGRESSD_REDIS_PASSWORD": "very-secret"})
    with daemon.client() as client:
        reply, _ = client.reply("CreateJob", job_id="job-1", parent="family")
        assert (reply.code, reply.durability) == (0, rpc.DURABILITY_SYNCED)
        advance(client, "job-1", 1)
        assert len(client.call("ListJobs").jobs) == 1
        client.call("DeleteJob", job_id="job-1")


def test_a_cluster_that_nobody_has_made_is_refused_at_the_start(run_progressd, folder):
    node = Node(*SAFE)
    try:
        done = run_progressd("--rpc", f"ipc://{folder}/r", "--pub", f"ipc://{folder}/p", "--store",
                             f"redis+cluster://{node.address}")
        assert done.returncode == 1 and "serves no slots" in done.stderr
    finally:
        node.close()
