"""Two daemons on one Redis, or on one cluster of it, are one service: what one was told, all readers of the other see."""

import signal
import subprocess
import threading
import time
import urllib.request

import pytest

from support.messages import job as messages, rpc, service, stage, stages
from support.places import documented_rights, program
from support.redis import SAFE, Redis
from support.redis_cluster import Cluster
from support.rpc import Refused
from support.wait import until
from support.watcher import Watcher
from support.still import still

NOT_FOUND, UNAVAILABLE = 5, 14
ACTIVE, STALLED, SUCCEEDED = (stages.JobState.Value("JOB_STATE_" + name) for name in ("ACTIVE", "STALLED", "SUCCEEDED"))
ENDED, DELETED = (messages.EventKind.Value("EVENT_KIND_" + name) for name in ("ENDED", "DELETED"))


ON_ONE_SERVER = pytest.mark.parametrize("redis", ["server"], indirect=True)


@pytest.fixture(scope="module")
def cluster():
    """Six nodes, for all stories: each has a prefix of its own."""
    servers = Cluster(*SAFE)
    yield servers
    servers.close()


@pytest.fixture(params=["server", "cluster"])
def redis(request):
    if request.param == "cluster":
        servers = request.getfixturevalue("cluster")
        servers.prefix = f"{request.node.name[:40].split('[')[0]}:"
        yield servers
    else:
        server = Redis(*SAFE)
        yield server
        server.close()


@pytest.fixture
def pair(redis, start_daemon):
    """Two daemons on one store."""
    return start_daemon(store=redis.url), start_daemon(store=redis.url)


@pytest.fixture
def clients(pair):
    with pair[0].client() as one, pair[1].client() as other:
        yield one, other


@pytest.fixture
def watch():
    watchers = []

    def watch(daemon, job_id=None, **options):
        watchers.append(Watcher(daemon, job_id, **options))
        return watchers[-1]

    yield watch
    for watcher in watchers:
        watcher.leave()


def in_background(work):
    """Runs it in a thread; a function that waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()

    def result():
        thread.join(90)
        assert results, "the thread has failed"
        return results[0]

    return result


def advance(client, done, job_id="job-1", total=1000, **fields):
    return client.call("UpdateProgressIncremental", job_id=job_id, stage=stage("downloading"), done=done, total=total,
                       **fields).progress_info


def test_a_watcher_of_one_sees_every_change_made_through_the_other(pair, clients, watch):
    watcher, publisher = watch(pair[1], "job-1", wait_for_creation=True), watch(pair[1])
    told = in_background(lambda: watcher.look_until(lambda event: event.kind == ENDED))
    publisher.look()
    for number in range(1, 301):
        advance(clients[number % 2], number)
    final = clients[0].call("UpdateProgress", job_id="job-1", stage=stage("completed")).progress_info
    assert still(told().progress_info) == still(final)
    revisions = [event.progress_info.revision for event in watcher.events]
    assert revisions == list(range(revisions[0], 302)) and watcher.resyncs == 0
    publisher.look_until(lambda event: event.kind == ENDED)
    assert publisher.resyncs == 0


def test_a_read_through_one_sees_what_the_other_has_acknowledged(clients):
    for number in range(1, 301):
        writer, reader = clients[number % 2], clients[1 - number % 2]
        written = advance(writer, number)
        assert still(reader.call("GetProgress", job_id="job-1").progress_info) == still(written)
        answer = reader.call("WaitProgress", job_id="job-1", after_revision=written.revision - 1, timeout={"seconds": 10})
        assert answer.progress_info.revision == written.revision and not answer.timed_out
    clients[0].call("DeleteJob", job_id="job-1")
    with pytest.raises(Refused) as refused:
        clients[1].call("GetProgress", job_id="job-1")
    assert refused.value.code == NOT_FOUND


def test_a_waiter_of_one_is_woken_by_an_update_through_the_other(redis, clients, figure):
    revision = advance(clients[0], 1).revision
    milliseconds = []
    for number in range(2, 52):
        request = service.WaitProgressRequest(job_id="job-1", after_revision=revision)
        clients[1].send("WaitProgress", request)
        begin = time.monotonic()
        revision = advance(clients[0], number).revision
        reply = clients[1].receive()[1]
        milliseconds.append((time.monotonic() - begin) * 1000)
        assert service.WaitProgressResponse.FromString(reply.response).progress_info.revision == revision
    figure(f"an update through one instance wakes a waiter of another after {sorted(milliseconds)[25]:.1f} ms (median, "
           f"{type(redis).__name__})")


def test_two_writers_through_two_instances_lose_nothing_and_do_nothing_twice(pair, watch):
    def write(daemon, writer):
        with daemon.client() as client:
            for sequence in range(1, 151):
                client.call("UpdateProgress", job_id="job-1", stage=stage("downloading"), writer=writer,
                            sequence=sequence, message=f"{writer} {sequence}")

    watchers = [watch(daemon, "job-1", wait_for_creation=True) for daemon in pair]
    told = [in_background(lambda each=each: each.look_until(lambda event: event.progress_info.revision == 300))
            for each in watchers]
    writers = [in_background(lambda each=daemon, name=f"w{number}": write(each, name) or name)
               for number, daemon in enumerate(pair)]
    assert [writer() for writer in writers] == ["w0", "w1"]
    assert told[0]() == told[1](), "both tell the same"
    for watcher in watchers:
        said = {event.progress_info.message for event in watcher.events}
        assert len(said) == 300 or watcher.events[0].progress_info.revision > 1
        assert watcher.resyncs == 0


def test_all_jobs_are_watched_through_one_while_the_other_changes_them(pair, clients, watch):
    for number in range(1200):
        clients[0].send("UpdateProgress",
                        service.UpdateProgressRequest(job_id=f"job-{number}", stage=stage("queued")))
    assert {clients[0].receive()[1].code for _ in range(1200)} == {0}
    is_over = threading.Event()

    def change():
        count = 0
        with pair[0].client() as client:
            while not is_over.is_set():
                count += 1
                advance(client, count // 1200 + 1, f"job-{count * 7 % 1200}")
        return count

    changes = in_background(change)
    watcher = watch(pair[1])
    until(lambda: watcher.look() is not None and len(watcher.known) == 1200, "the snapshot is whole")
    for _ in range(20):
        watcher.look()
    is_over.set()
    assert changes() > 0
    clients[0].call("UpdateProgress", job_id="job-0", stage=stage("completed"))
    watcher.look_until(lambda event: event.kind == ENDED)
    jobs, token = [], ""
    while True:
        page = clients[1].call("ListJobs", page_size=500, page_token=token)
        jobs, token = jobs + list(page.jobs), page.next_page_token
        if not token:
            break
    assert {info.job_id: info.revision for info in jobs} == {name: info.revision for name, info in watcher.known.items()}
    assert watcher.resyncs == 0


def test_a_silent_worker_stalls_once(pair, clients, watch):
    advance(clients[0], 1, lease={"nanos": 400_000_000})
    watchers = [watch(daemon, "job-1") for daemon in pair]
    for watcher in watchers:
        event = watcher.look_until(lambda event: event.progress_info.state == STALLED)
        assert event.progress_info.revision == 2
    time.sleep(1.2)  # as long as other leases of it would run
    assert clients[1].call("GetProgress", job_id="job-1").progress_info.revision == 2
    assert [watcher.look(0) for watcher in watchers] == [[], []]


def test_a_worker_that_beats_through_one_does_not_stall_by_the_other(clients):
    advance(clients[0], 1, lease={"nanos": 600_000_000})
    for _ in range(20):
        clients[0].call("Heartbeat", job_id="job-1")
        time.sleep(0.1)
    info = clients[1].call("GetProgress", job_id="job-1").progress_info
    assert (info.state, info.revision) == (ACTIVE, 1)


def test_the_job_of_a_worker_that_died_with_its_instance_stalls(pair, clients, watch):
    advance(clients[0], 1, lease={"nanos": 400_000_000})
    watcher = watch(pair[1], "job-1")
    watcher.look()
    pair[0].kill()
    watcher.look_until(lambda event: event.progress_info.state == STALLED)


def test_a_wish_for_the_end_reaches_the_worker_of_another_instance(clients):
    advance(clients[0], 1)
    clients[1].call("CancelJob", job_id="job-1", reason="not needed")
    assert clients[0].call("Heartbeat", job_id="job-1").progress_info.cancel_reason == "not needed"
    assert advance(clients[0], 2).cancel_requested


def test_an_expired_job_is_deleted_once(pair, clients, watch):
    clients[0].call("CreateJob", job_id="job-1", ttl={"seconds": 1})
    watchers = [watch(daemon, "job-1") for daemon in pair]
    for watcher in watchers:
        watcher.look()
    clients[0].call("UpdateProgress", job_id="job-1", stage=stage("completed"))
    for watcher in watchers:
        watcher.look_until(lambda event: event.kind == DELETED)
        assert [event.kind for event in watcher.events].count(DELETED) == 1


def test_a_repeat_through_another_instance_gets_the_first_answer(clients):
    first = advance(clients[0], 5, writer="w", sequence=3)
    advance(clients[0], 9, writer="other", sequence=1)
    again = clients[1].call("UpdateProgressIncremental", job_id="job-1", stage=stage("downloading"), done=5, total=1000,
                            writer="w", sequence=3)
    assert again.outcome == messages.UPDATE_OUTCOME_DUPLICATE and still(again.progress_info) == still(first)


def test_people_read_a_job_with_redis_cli(redis, clients):
    clients[0].call("CreateJob", job_id="job-1", metadata={"video_id": "v 1"})
    advance(clients[0], 500, message="half way")
    answer = redis.ask("HMGET", redis.key("job-1"), "status", "progress", "message", "revision", "metadata.video_id")
    assert answer.splitlines() == ["downloading", "10", "half way", "2", "v 1"]


# ---- what an acknowledgement is worth ----

def durability(daemon):
    with daemon.client() as client:
        reply, _ = client.reply("UpdateProgress", job_id="job-1", stage=stage("queued"))
        return reply.durability


def is_weak(daemon):
    with urllib.request.urlopen(f"{daemon.http_url()}/metrics", timeout=10) as answer:
        (line,) = [line for line in answer.read().decode().splitlines() if line.startswith("progressd_store_weak ")]
    return line.split()[1] == "1"


def test_a_weak_redis_is_warned_of_and_followed(start_daemon):
    redis = Redis()
    try:
        daemon = start_daemon(store=redis.url)
        assert daemon.log().count("event=weak_store") == 1
        assert durability(daemon) == rpc.DURABILITY_MEMORY
        assert is_weak(daemon)
        redis.ask("CONFIG", "SET", "appendonly", "yes")
        until(lambda: durability(daemon) == rpc.DURABILITY_WRITTEN, "the setting is seen")
        redis.ask("CONFIG", "SET", "appendfsync", "always")
        until(lambda: durability(daemon) == rpc.DURABILITY_SYNCED, "the setting is seen")
        assert not is_weak(daemon)
    finally:
        redis.close()


def test_a_safe_redis_is_not_warned_of(pair):
    assert "weak_store" not in pair[0].log() and not is_weak(pair[0])
    assert durability(pair[0]) == rpc.DURABILITY_SYNCED


# ---- secrets ----

def words_of(daemon):
    with open(f"/proc/{daemon.process.pid}/cmdline", encoding="utf-8") as words:
        return words.read()


@pytest.mark.parametrize("way", ["url", "environment", "file"])
def test_the_password_is_in_no_log_and_no_list_of_processes(start_daemon, folder, way):
    redis = Redis(password="very-secret")
    path = f"{folder}/password"
    with open(path, "w", encoding="utf-8") as file:
        file.write("very-secret\n")
    try:
        env = {"environment": {"PROGRESSD_REDIS_PASSWORD": "very-secret"},
               "file": {"PROGRESSD_REDIS_PASSWORD_FILE": path}}.get(way, {})
        url = redis.url.replace("//", "//:very-secret@") if way == "url" else redis.url
        daemon = start_daemon(store=url, env=env)
        assert durability(daemon) == rpc.DURABILITY_MEMORY
        assert "secret" not in daemon.log() and "secret" not in words_of(daemon)
    finally:
        redis.close()


def test_a_wrong_password_is_said_at_the_start(run_progressd, folder):
    redis = Redis(password="very-secret")
    try:
        done = run_progressd("--rpc", f"ipc://{folder}/r", "--pub", f"ipc://{folder}/p", "--store",
                             redis.url.replace("//", "//:wrong-word@"))
        assert done.returncode == 1
        assert "does not let us in" in done.stderr and "wrong-word" not in done.stderr
    finally:
        redis.close()


def test_a_bad_url_is_said_at_the_start(run_progressd):
    done = run_progressd("--store", "redis://host:port", "--check-config")
    assert done.returncode == 2
    assert "the port is a number" in done.stderr


# ---- Redis goes away ----

def call_refused(client, method, **fields):
    """How long it took to be refused."""
    begin = time.monotonic()
    with pytest.raises(Refused) as refused:
        client.call(method, **fields)
    assert refused.value.code == UNAVAILABLE
    return time.monotonic() - begin


@ON_ONE_SERVER
@pytest.mark.parametrize("ending", ["killed", "stopped"])
def test_redis_goes_away_and_comes_back(redis, pair, clients, watch, figure, ending):
    advance(clients[0], 1)
    watcher = watch(pair[1], "job-1")
    watcher.look()
    told = in_background(lambda: watcher.look_until(lambda event: event.progress_info.state == SUCCEEDED))
    redis.kill() if ending == "killed" else redis.process.send_signal(signal.SIGSTOP)
    longest = 0
    for number in range(4):
        longest = max(longest, call_refused(clients[number % 2], "UpdateProgress", job_id="job-1", stage=stage("downloaded")))
        longest = max(longest, call_refused(clients[number % 2], "GetProgress", job_id="job-1"))
    assert longest < 1.5, "within a second, and a little for a busy machine"
    redis.start() if ending == "killed" else redis.process.send_signal(signal.SIGCONT)
    begin = time.monotonic()

    def ended():
        try:
            return clients[0].call("UpdateProgress", job_id="job-1", stage=stage("completed"))
        except Refused as refused:
            assert refused.code == UNAVAILABLE
            return None

    until(ended, "the service is back", 10)
    back = time.monotonic() - begin
    assert told().progress_info.state == SUCCEEDED
    # One of the daemons may have committed before the other listened again.
    assert watcher.resyncs <= 1
    figure(f"Redis {ending}: refused within {longest * 1000:.0f} ms, back after {back * 1000:.0f} ms")


def test_an_emptied_redis_is_noticed_and_filled_again(redis, pair, clients, watch, start_program, figure):
    clients[0].call("CreateJob", job_id="other")
    worker = start_program("prg", "--server", pair[0].url, "run", "job-1", "processing", "--complete", "--", "sh", "-c",
                           "echo 10%; echo 50%; read end", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    one, everything = watch(pair[1], "job-1", wait_for_creation=True), watch(pair[1])
    one.look_until(lambda event: event.progress_info.progress == 80)
    until(lambda: everything.look(0) is not None and len(everything.known) == 2, "both are seen")
    redis.empty()
    begin = time.monotonic()
    one.known = {}
    one.look_until(lambda event: event.progress_info.progress == 80, 10)
    until(lambda: everything.look(1) is not None and everything.resyncs > 0 and
          [info.progress for info in everything.known.values()] == [80], "the watcher of all sees what there is", 10)
    seconds = time.monotonic() - begin
    for client in clients:
        with pytest.raises(Refused) as refused:
            client.call("GetProgress", job_id="other")
        assert refused.value.code == NOT_FOUND
        assert client.call("GetProgress", job_id="job-1").progress_info.progress == 80
    worker.stdin.write(b"\n")
    worker.stdin.close()
    assert worker.wait(20) == 0
    assert clients[1].call("GetProgress", job_id="job-1").progress_info.state == SUCCEEDED
    assert seconds < 5
    figure(f"all agree {seconds:.1f} s after FLUSHALL")


def test_progressd_does_not_start_without_its_redis(run_progressd, folder):
    redis = Redis()
    redis.close()
    done = run_progressd("--rpc", f"ipc://{folder}/r", "--pub", f"ipc://{folder}/p", "--store", redis.url)
    assert done.returncode == 1 and "Redis" in done.stderr
    assert program("progressd")


def test_the_documented_rights_are_enough(start_daemon, folder):
    redis = Redis(*SAFE)
    try:
        assert redis.ask(*documented_rights()[0].replace("PASSWORD", "very-secret").split()) == "OK"
        assert redis.ask("ACL", "SETUSER", "default", "off") == "OK"
        path = f"{folder}/password"
        with open(path, "w", encoding="utf-8") as file:
            file.write("very-secret")
        daemon = start_daemon(store=redis.url.replace("//", "//progressd@"), env={"PROGRESSD_REDIS_PASSWORD_FILE": path})
        assert durability(daemon) == rpc.DURABILITY_SYNCED
        with daemon.client() as client:
            client.call("CreateJob", job_id="job-2", parent="job-1")
            assert len(client.call("ListJobs").jobs) == 2
            client.call("DeleteJob", job_id="job-2")
    finally:
        redis.close()
