"""Asynchronous updates of libprg under kill -9 of the daemon: each is carried out once, and its callback called once."""

import json
import subprocess

from support.places import BUILD

JOBS, UPDATES, KILLS = 5, 1500, 5
OMITTED = 200  # answers between two of the program's lines


def test_they_work_over_tcp(daemon):
    program = str(BUILD / "tests" / "async_updates")
    done = subprocess.run([program, daemon.tcp_url(), "3", "500"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == {"answered": 1500, "applied": 1500, "repeated": 0}


def test_kills_lose_nothing_and_repeat_nothing(daemon, figure):
    """Each update has more done than the one before, so each that is carried out adds one to the job's revision."""
    program = str(BUILD / "tests" / "async_updates")
    with subprocess.Popen([program, daemon.url, str(JOBS), str(UPDATES)], stdout=subprocess.PIPE, text=True) as updates:
        last = ""
        for line in updates.stdout:
            last = line
            answered = int(line) if line.strip().isdigit() else 0
            if answered and answered // OMITTED <= KILLS:
                daemon.kill()
                daemon.start()
    assert updates.returncode == 0
    result = json.loads(last)
    assert result["answered"] == JOBS * UPDATES
    with daemon.client() as client:
        for number in range(JOBS):
            info = client.call("GetProgress", job_id=f"gathered-{number}").progress_info
            assert (info.done, info.total) == (UPDATES, UPDATES)
            assert info.revision == UPDATES, "each update was carried out exactly once"
    figure(f"{KILLS} kills under {JOBS * UPDATES} asynchronous updates: {result['repeated']} sent again after they were kept")
