"""The messages of the schema as Python classes, made by protoc when the tests start."""

import importlib
import subprocess
import sys
import tempfile

from . import places

_folder = tempfile.TemporaryDirectory(prefix="progress-messages-")
_sources = [str(path.relative_to(places.TREE / "proto")) for path in sorted((places.TREE / "proto").rglob("*.proto"))]
subprocess.run(["protoc", f"-I{places.TREE / 'proto'}", f"--python_out={_folder.name}", *_sources], check=True)
sys.path.insert(0, _folder.name)

job = importlib.import_module("progress.v1.job_pb2")
stages = importlib.import_module("progress.v1.stages_pb2")
service = importlib.import_module("progress.v1.progress_service_pb2")
scopes = importlib.import_module("progress.v1.scopes_pb2")
rpc = importlib.import_module("progress.rpc.v1.rpc_pb2")
record = importlib.import_module("progress.store.v1.record_pb2")


def stage(name):
    """The number of a stage by its status, "transcribing"."""
    return stages.PipelineStage.Value("PIPELINE_STAGE_" + name.upper())
