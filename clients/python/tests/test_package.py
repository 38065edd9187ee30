"""The package as its users get it: a wheel with everything inside, typed, and examples that run."""

import pathlib
import shutil
import subprocess
import sys
import sysconfig
import zipfile

import pytest
from support.places import TREE, program

from progressd import __version__

PACKAGE = pathlib.Path(__file__).resolve().parents[1]

USER = """
from progressd import PipelineStage, ProgressInfo, ProgressTracker, ProgressTrackerServiceStub, Channel
from progressd.gen.progress.v1.progress_service_pb2 import GetProgressRequest

tracker = ProgressTracker("tcp://127.0.0.1:1")
info: ProgressInfo = tracker.update_progress("job-1", PipelineStage.DOWNLOADING)
percent: int = tracker.get_progress("job-1").progress + ProgressTracker.get_all_stages()["queued"]
stub = ProgressTrackerServiceStub(Channel("tcp://127.0.0.1:1"))
status: str = stub.GetProgress(GetProgressRequest(job_id="job-1")).progress_info.status
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-build-isolation", "--no-deps"]
    environment = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1"}
    for name in ("clients/python", "gen/python"):  # the one has a link into the other
        ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
        shutil.copytree(TREE / name, folder / "tree" / name, symlinks=True, ignore=ignored)
    source = folder / "tree/clients/python"
    done = subprocess.run(
        [*pip, "-w", str(folder), str(source)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("progressd-*.whl")
    return path


def test_the_version_is_the_daemons(wheel):
    daemon = subprocess.run([program("progressd"), "--version"], capture_output=True, text=True, check=True).stdout
    assert __version__ in daemon.split()
    assert wheel.name.startswith(f"progressd-{__version__}-py3-none-any")


def test_the_wheel_holds_stubs_and_types(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        "py.typed",
        "gen/stages.py",
        "gen/progress/v1/job_pb2.py",
        "gen/progress/v1/progress_service_pb2_grpc.pyi",
    ):
        assert f"progressd/{name}" in names
    assert all(name.startswith("progressd") for name in names)


def test_the_wheel_works_from_where_it_is_put(wheel, daemon, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "import progressd, sys\ntracker = progressd.ProgressTracker(sys.argv[1])\n"
    code += "print(tracker.create_job('a').status, progressd.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code, daemon.url], capture_output=True, text=True, cwd=tmp_path, env={}, check=False
    )
    assert done.stdout.split() == ["queued", str(tmp_path / "progressd/__init__.py")], done.stderr


def test_the_wheel_installs_into_an_environment_of_its_own(wheel, daemon, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    python = str(tmp_path / "bin/python")
    install = ["install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, *install], check=True
    )
    (own,) = tmp_path.glob("lib/python*/site-packages")
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib"))  # not from the network
    code = "import progressd\nwith progressd.ProgressTracker() as tracker:\n"
    code += "    print(tracker.update_progress('a', 'downloading').progress, progressd.__file__)"
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, cwd=tmp_path, env={"PRG_SERVER": daemon.url}, check=False
    )
    assert done.stdout.split() == ["5", str(own / "progressd/__init__.py")], done.stderr


def test_a_users_program_is_checked_by_its_types(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    (tmp_path / "user.py").write_text(USER)
    wrong = USER + 'tracker.update_progress("job-1", 7)\ninfo.statos\n'
    (tmp_path / "wrong.py").write_text(wrong)

    def check(name):
        command = [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--follow-imports",
            "silent",
            "--cache-dir",
            str(TREE / "build/mypy"),
            name,
        ]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    right = check("user.py")
    assert right.returncode == 0, right.stdout
    complaints = check("wrong.py").stdout
    assert "arg-type" in complaints and "statos" in complaints


def test_the_examples_run(daemon, run_python):
    watcher = subprocess.Popen(
        [sys.executable, str(PACKAGE / "examples/watch.py"), "job-7"],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(PACKAGE / "src"), "PRG_SERVER": daemon.url},
    )
    done = run_python(str(PACKAGE / "examples/worker.py"), "job-7", PRG_SERVER=daemon.url)
    assert (done.returncode, done.stderr) == (0, "")
    lines = watcher.communicate(timeout=60)[0].splitlines()
    assert lines[-1] == "job-7 completed 100% all done"


def test_the_ten_lines_of_the_readme_run(daemon, run_python):
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    done = run_python("-c", "transcribe = print\n" + code, PRG_SERVER=daemon.url)
    assert (done.returncode, done.stderr) == (0, "")
