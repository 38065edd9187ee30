"""One daemon to a store and to an address; what is not ours is left alone, and people may look at what is."""

import os
import sqlite3
import stat
import subprocess

import pytest

from support import rpc
from support.messages import stage
from support.refusal import only_line

DATA_LOSS = 15


def minimal(daemon):
    """Addresses of a second daemon that wants nothing of the first."""
    return ["--rpc", f"ipc://{daemon.folder}/rpc2.sock", "--pub", f"ipc://{daemon.folder}/events2.sock"]


def test_a_second_daemon_on_the_same_store_is_refused(daemon, run_progressd):
    completed = run_progressd(*minimal(daemon), "--store", daemon.store)
    assert completed.returncode == 1
    text = only_line(completed)
    assert daemon.store_path in text and "in use" in text
    assert daemon.client().call("GetServerInfo").name == "progressd"


@pytest.mark.parametrize("option", ["--rpc", "--pub"])
def test_a_second_daemon_on_the_same_socket_is_refused(daemon, run_progressd, option):
    url = daemon.url if option == "--rpc" else daemon.events_url
    options = minimal(daemon)
    options[options.index(option) + 1] = url
    completed = run_progressd(*options, "--store", "memory:")
    assert completed.returncode == 1
    text = only_line(completed)
    assert url in text and "in use" in text
    assert daemon.client().call("GetServerInfo").name == "progressd"


def test_a_second_daemon_on_the_same_port_is_refused(daemon, run_progressd):
    completed = run_progressd("--rpc", daemon.tcp_url(), *minimal(daemon)[2:], "--store", "memory:")
    assert completed.returncode == 1
    assert "in use" in only_line(completed)


def test_the_socket_files_of_a_killed_daemon_are_replaced(daemon):
    daemon.kill()
    assert stat.S_ISSOCK(os.stat(daemon.url.removeprefix("ipc://")).st_mode)
    daemon.start()
    assert daemon.client().call("GetServerInfo").name == "progressd"
    rpc.connect(daemon.events_url).close()


def test_a_file_that_is_no_socket_is_left_alone(run_progressd, folder):
    path = f"{folder}/rpc.sock"
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    completed = run_progressd("--rpc", f"ipc://{path}", "--pub", f"ipc://{folder}/events.sock", "--store", "memory:")
    assert completed.returncode == 1
    assert path in only_line(completed)
    with open(path, encoding="utf-8") as file:
        assert file.read() == "precious"


def make_newer(path):
    with sqlite3.connect(path) as store:
        (version,) = store.execute("PRAGMA user_version").fetchone()
        store.execute(f"PRAGMA user_version = {version + 1}")
    store.close()


def make_foreign(path):
    os.remove(path)
    with sqlite3.connect(path) as store:
        store.execute("CREATE TABLE recipe (name TEXT)")
    store.close()


def make_garbage(path):
    with open(path, "wb") as file:
        file.write(os.urandom(5000))


def make_text(path):
    with open(path, "wb") as file:
        file.write(b"shopping list: bread\n")


@pytest.mark.parametrize(
    "make, word",
    [
        (make_newer, "newer"),
        (make_foreign, "another program"),
        (make_garbage, "not a database"),
        (make_text, "not a database"),
    ],
)
def test_a_store_that_is_not_ours_or_newer_is_refused_and_left_alone(daemon, run_progressd, make, word):
    with daemon.client() as client:
        client.call("CreateJob", job_id="job-1")
    daemon.stop()
    make(daemon.store_path)
    with open(daemon.store_path, "rb") as file:
        before = file.read()
    completed = run_progressd(*minimal(daemon), "--store", daemon.store)
    assert completed.returncode == 1
    text = only_line(completed)
    assert daemon.store_path in text and word in text
    with open(daemon.store_path, "rb") as file:
        assert file.read() == before


def test_a_store_that_cannot_be_made_is_told_with_its_path(run_progressd, folder):
    with open(f"{folder}/file", "w", encoding="utf-8"):
        pass
    addresses = ["--rpc", f"ipc://{folder}/rpc.sock", "--pub", f"ipc://{folder}/events.sock"]
    completed = run_progressd(*addresses, "--store", f"file:{folder}/file/progress.db")
    assert completed.returncode == 1
    assert f"{folder}/file" in only_line(completed)
    completed = run_progressd(*addresses, "--store", f"file:{folder}")
    assert completed.returncode == 1
    assert "folder" in only_line(completed)


def test_people_can_read_and_copy_the_store_meanwhile(daemon, start_daemon, folder):
    def sqlite(*words):
        return subprocess.run(["sqlite3", *words], capture_output=True, text=True, timeout=30, check=True).stdout

    with daemon.client() as client:
        client.call("UpdateProgressExplicit", job_id="job-1", stage=stage("analyzing"), progress=62, message="looking")
        asked = "SELECT job_id, progress, message FROM job"
        assert sqlite(daemon.store_path, asked) == "job-1|62|looking\n"
        sqlite(daemon.store_path, f'.backup "{folder}/copy.db"')
        client.call("UpdateProgress", job_id="job-1", stage=stage("completed"))
        assert sqlite(daemon.store_path, asked).startswith("job-1|100|")
    copy = start_daemon(store=f"file:{folder}/copy.db")
    assert copy.client().call("GetProgress", job_id="job-1").progress_info.progress == 62


def test_a_damaged_record_harms_only_its_own_job(daemon):
    with daemon.client() as client:
        for name in ("job-1", "job-2", "job-3"):
            client.call("UpdateProgress", job_id=name, stage=stage("downloading"))
    daemon.kill()
    with sqlite3.connect(daemon.store_path) as store:
        store.execute("UPDATE job SET record = x'00ff' WHERE job_id = 'job-2'")
    store.close()
    daemon.start()
    with daemon.client() as client:
        assert [info.job_id for info in client.call("ListJobs").jobs] == ["job-3", "job-1"]
        snapshot = client.call("WatchJobs", timeout={}).events
        assert [event.progress_info.job_id for event in snapshot] == ["job-3", "job-1"]
        with pytest.raises(rpc.Refused) as refused:
            client.call("GetProgress", job_id="job-2")
        assert refused.value.code == DATA_LOSS
        assert client.call("UpdateProgress", job_id="job-1", stage=stage("completed")).progress_info.revision == 2
    lines = [line for line in daemon.log().splitlines() if "event=unreadable_record" in line]
    assert lines and all("level=error" in line and "job=job-2" in line for line in lines)
