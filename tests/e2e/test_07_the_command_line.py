"""prg: every command, its exit status and its JSON. What watches and runs is another story."""

import json
import subprocess

import pytest

from support.places import program

COMMANDS = [
    "get",
    "watch",
    "list",
    "history",
    "stages",
    "create",
    "update",
    "set",
    "advance",
    "simulate",
    "run",
    "cancel",
    "delete",
    "ping",
    "bench",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(prg, command):
    overview = prg("--help")
    assert overview.returncode == 0 and f"  {command}" in overview.stdout
    completed = prg(command, "--help")
    assert (completed.returncode, completed.stderr) == (0, "")
    for word in (f"Usage: prg {command}", "--json", "--server", "Exit status:"):
        assert word in completed.stdout


def test_version_is_one_line(prg):
    completed = prg("--version")
    assert completed.returncode == 0
    assert completed.stdout.startswith("prg ") and completed.stdout.count("\n") == 1


def test_stages_prints_the_table(prg, ask):
    rows = ask("stages")
    assert [row["status"] for row in rows][:3] == ["queued", "downloading", "downloaded"]
    assert len(rows) == 16
    transcribing = rows[5]
    assert (transcribing["start_percent"], transcribing["end_percent"], transcribing["typical_seconds"]) == (
        25,
        50,
        420,
    )
    text = prg("stages").stdout
    assert all(row["status"] in text for row in rows)


def test_a_job_is_led_from_creation_to_its_end(ask, ask_one):
    assert ask_one("create", "job-1", "video_id=v", "process_task_id=7")["metadata"] == {
        "video_id": "v",
        "process_task_id": "7",
    }
    assert ask_one("update", "job-1", "Downloading", "-m", "fetching")["progress"] == 5
    half = ask_one("advance", "job-1", "downloading", "512", "1024")
    assert (half["progress"], half["fraction"], half["message"], half["outcome"]) == (10, 0.1, "fetching", "applied")
    assert ask_one("advance", "job-1", "downloading", "1", "1024")["outcome"] == "absorbed"
    assert ask_one("set", "job-1", "analyzing", "62")["progress"] == 62
    seen = ask_one("get", "job-1")
    assert (seen["status"], seen["progress"], seen["state"], seen["revision"]) == ("analyzing", 62, "active", 4)
    assert seen["metadata"]["video_id"] == "v"
    assert ask_one("update", "job-1", "completed")["state"] == "succeeded"
    history = ask("history", "job-1")
    assert [span["status"] for span in history] == ["queued", "downloading", "analyzing", "completed"]
    assert ask_one("list")["job_id"] == "job-1"
    ask("delete", "job-1")
    assert ask("list") == []


def test_plain_answers_are_one_line_that_people_can_read(prg):
    assert prg("create", "job-1").stdout == "job-1\n"
    assert prg("update", "job-1", "transcribing", "-m", "listening").stdout == "job-1 transcribing 25% listening\n"
    assert prg("advance", "job-1", "transcribing", "1", "2").stdout == "job-1 transcribing 37% listening\n"
    text = prg("get", "job-1").stdout
    assert "transcribing" in text and "37%" in text and "listening" in text
    assert "transcribing" in prg("history", "job-1").stdout
    assert "job-1" in prg("list").stdout


def test_create_makes_up_a_name_and_prints_it(prg):
    name = prg("create").stdout.strip()
    assert name and prg("get", name).returncode == 0


def test_list_filters(ask):
    ask("create", "a-1", "--pipeline", "clips")
    ask("create", "a-2", "--parent", "a-1")
    ask("update", "b-1", "failed", "-m", "no sound")
    ask("update", "b-2", "analyzing")

    def names(*options):
        return [job["job_id"] for job in ask("list", *options)]

    assert names() == ["b-2", "b-1", "a-2", "a-1"]
    assert names("--limit", "2") == ["b-2", "b-1"]
    assert names("--prefix", "a-") == ["a-2", "a-1"]
    assert names("--state", "failed") == ["b-1"]
    assert names("--stage", "analyzing,queued", "--prefix", "b") == ["b-2"]
    assert names("--pipeline", "clips") == ["a-1"]
    assert names("--parent", "a-1") == ["a-2"]


def test_list_turns_the_pages_by_itself(daemon, ask):
    with daemon.client() as client:
        for number in range(120):
            client.call("CreateJob", job_id=f"job-{number}")
    assert len(ask("list")) == 120


def test_ping_says_who_answers(daemon, ask_one):
    answer = ask_one("ping")
    assert (answer["server"], answer["store"]) == (daemon.url, "file")
    assert answer["round_trip_ms"] > 0


def test_bench_measures_and_leaves_nothing(ask):
    lines = ask("bench", "--count", "200", "--outstanding", "4")
    assert {line["call"] for line in lines} == {"update", "get"}
    assert all(line["calls_per_second"] > 0 for line in lines)
    assert ask("list") == []


def test_the_server_can_be_named_in_the_environment_and_by_tcp(daemon):
    for url in (daemon.url, daemon.tcp_url()):
        completed = subprocess.run(
            [program("prg"), "ping", "--json"],
            env={"PRG_SERVER": url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert json.loads(completed.stdout)["server"] == url


# ---- exit statuses


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["get"],
        ["get", "a", "b"],
        ["get", "a", "--colour"],
        ["get", "a", "--limit", "3"],
        ["set", "a", "queued", "x"],
        ["set", "a", "queued", "50%"],
        ["advance", "a", "queued", "1"],
        ["advance", "a", "queued", "one", "2"],
        ["list", "--state", "happy"],
        ["list", "--limit", "0"],
        ["run", "a", "queued"],
        ["get", "a", "--timeout", "soon"],
        ["get", "a", "--server", "http://localhost"],
    ],
)
def test_a_wrong_command_line_is_2(prg, arguments):
    completed = prg(*arguments)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr.startswith("prg: ")


@pytest.mark.parametrize("arguments", [["get", "job-1"], ["history", "job-1"], ["delete", "job-1"], ["watch", "job-1"]])
def test_an_unknown_job_is_3(prg, arguments):
    completed = prg(*arguments)
    assert (completed.returncode, completed.stdout) == (3, "")
    assert "job-1" in completed.stderr
    error = json.loads(prg("--json", *arguments).stderr)
    assert error["code"] == "not_found" and "job-1" in error["message"]


def test_what_the_service_refuses_is_4(prg):
    prg("update", "job-1", "analyzing")
    for arguments, word in (
        (["update", "job-1", "dancing"], "posting_completed"),
        (["update", "a b", "queued"], "job_id"),
        (["set", "job-1", "analyzing", "101"], "0 to 100"),
        (["update", "job-1", "queued"], "analyzing"),
        (["advance", "job-1", "analyzing", "3", "2"], "done"),
        (["create", "job-1"], "job-1"),
        (["update", "job-1", "analyzing", "-m", "x" * 1025], "1024"),
        (["simulate", "job-1", "completed"], "ends the job"),
    ):
        completed = prg(*arguments)
        assert (completed.returncode, completed.stdout) == (4, ""), arguments
        assert word in completed.stderr
    assert prg("get", "job-1", "--json").stdout.count('"progress":50') == 1


@pytest.mark.parametrize(
    "arguments", [["get", "job-1"], ["ping"], ["list"], ["watch", "job-1"], ["update", "job-1", "queued"]]
)
def test_a_service_that_is_not_there_is_5(daemon, prg, arguments):
    daemon.kill()
    completed = prg(*arguments, "--timeout", "1s")
    assert (completed.returncode, completed.stdout) == (5, "")
    assert daemon.url in completed.stderr
