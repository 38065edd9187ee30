"""A stage is added to a copy of the schema, and without touching any C it is everywhere."""

import json
import shutil
import subprocess

import pytest

from support.daemon import Daemon
from support.places import TREE
from support.rpc import Refused
from support.still import still

NUMBER = 61
NEW_STAGE = f"""  // Turning the text into another language.
  PIPELINE_STAGE_TRANSLATING = {NUMBER} [(stage) = {{
    start_percent: 40
    end_percent: 50
    typical_seconds: 90
    label: "Translating text"
    flow: STAGE_FLOW_MAIN
  }}];
"""
BEFORE = "  // Finding the parts worth showing.\n  PIPELINE_STAGE_ANALYZING"


def edit(schema):
    """The new stage comes before ANALYZING and takes the end of TRANSCRIBING's range."""
    text = schema.read_text(encoding="utf-8")
    assert text.count(BEFORE) == 1
    head, _, tail = text.partition(BEFORE)
    assert head.count("end_percent: 50") == 1
    schema.write_text(head.replace("end_percent: 50", "end_percent: 40") + NEW_STAGE + BEFORE + tail, encoding="utf-8")


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The folder of programs that were built from the edited schema."""
    folder = tmp_path_factory.mktemp("new-stage")
    shutil.copytree(TREE / "proto", folder / "proto")
    edit(folder / "proto/progress/v1/stages.proto")

    def run(*words):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    run(TREE / "script/generate", "--proto", folder / "proto", "--out", folder / "gen", "c")
    run(
        "cmake",
        "-S",
        TREE,
        "-B",
        folder / "build",
        "-G",
        "Ninja",
        "-DCMAKE_BUILD_TYPE=Debug",
        "-DPROGRESS_TESTS=OFF",
        f"-DPROGRESS_PROTO_DIR={folder}/gen/c",
        f"-DCMAKE_C_COMPILER_LAUNCHER={shutil.which('ccache') or ''}",
    )
    run("cmake", "--build", folder / "build", "--target", "progressd", "prg_cli", "-j", "2")
    return folder / "build/bin"


@pytest.fixture(scope="module", name="daemon")
def a_daemon_of_the_new_schema(programs):
    daemon = Daemon(bin_folder=programs)
    yield daemon
    assert daemon.stop() == 0
    shutil.rmtree(daemon.folder)


@pytest.fixture(name="prg")
def prg_of_the_new_schema(daemon, programs):
    def run(*arguments):
        return subprocess.run(
            [programs / "prg", "--server", daemon.url, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_the_table_has_it_in_its_place(client):
    rows = client.call("GetAllStages").stages
    names = [row.status for row in rows]
    assert len(names) == 17
    assert names[names.index("transcribing") :][:3] == ["transcribing", "translating", "analyzing"]
    row = rows[names.index("translating")]
    assert (row.stage, row.start_percent, row.end_percent, row.typical_seconds, row.label) == (
        NUMBER,
        40,
        50,
        90,
        "Translating text",
    )


def test_jobs_go_through_it_in_its_order(client):
    info = client.call("UpdateProgressByStatus", job_id="job-1", status="transcribing").progress_info
    assert info.progress == 25
    info = client.call("UpdateProgressByStatus", job_id="job-1", status="Translating").progress_info
    assert (info.stage, info.status, info.progress, info.label) == (NUMBER, "translating", 40, "Translating text")
    with pytest.raises(Refused) as refused:
        client.call("UpdateProgressByStatus", job_id="job-1", status="transcribing")
    assert refused.value.reason == "STAGE_REGRESSION"
    assert client.call("UpdateProgressByStatus", job_id="job-1", status="analyzing").progress_info.progress == 50
    spans = client.call("GetJobHistory", job_id="job-1").spans
    assert [span.status for span in spans] == ["transcribing", "translating", "analyzing"]


def test_increments_fill_its_range_and_the_shorter_one_before(client):
    shown = [client.call("UpdateProgressIncremental", job_id="job-2", stage=6, fraction=1).progress_info.progress]
    for done in (0, 5, 10):
        answer = client.call("UpdateProgressIncremental", job_id="job-2", stage=NUMBER, done=done, total=10)
        shown.append(answer.progress_info.progress)
    assert shown == [40, 40, 45, 50]


def test_it_can_be_listed_by(client):
    client.call("UpdateProgress", job_id="job-3", stage=NUMBER)
    client.call("UpdateProgress", job_id="job-4", stage=6)
    names = [info.job_id for info in client.call("ListJobs", filter={"stages": [NUMBER]}).jobs]
    assert "job-3" in names and "job-4" not in names


def test_the_text_that_lists_the_names_names_it(client):
    with pytest.raises(Refused) as refused:
        client.call("UpdateProgressByStatus", job_id="job-1", status="dancing")
    assert "transcribing, translating, analyzing" in refused.value.text


def test_the_command_line_knows_it(prg):
    assert "translating" in prg("stages").stdout
    rows = [json.loads(line) for line in prg("stages", "--json").stdout.splitlines()]
    assert [row["start_percent"] for row in rows if row["status"] == "translating"] == [40]
    assert prg("update", "job-5", "translating").stdout == "job-5 translating 40%\n"
    assert prg("advance", "job-5", "TRANSLATING", "1", "2").stdout == "job-5 translating 45%\n"
    assert "job-5" in prg("list", "--stage", "translating").stdout


def test_it_is_kept_over_a_restart(daemon):
    with daemon.client() as client:
        info = client.call("UpdateProgress", job_id="job-6", stage=NUMBER).progress_info
    daemon.kill()
    daemon.start()
    with daemon.client() as client:
        assert still(client.call("GetProgress", job_id="job-6").progress_info) == still(info)


def test_the_tree_itself_is_left_alone():
    assert "TRANSLATING" not in (TREE / "proto/progress/v1/stages.proto").read_text(encoding="utf-8")
    assert "TRANSLATING" not in (TREE / "gen/c/progress/v1/stages.inc").read_text(encoding="utf-8")
