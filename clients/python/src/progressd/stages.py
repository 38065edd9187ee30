"""The table of stages, read from the schema."""

from __future__ import annotations

from typing import Union

from .gen.progress.v1 import stages_pb2
from .gen.stages import PipelineStage

StageLike = Union[PipelineStage, str]

_PREFIX = "PIPELINE_STAGE_"


def number_of(stage: StageLike) -> stages_pb2.PipelineStage.ValueType:
    """Give the schema's number of a stage, or of a status in any case.

    :raises ValueError: there is no such stage; the text lists them.
    """
    status = stage.value if isinstance(stage, PipelineStage) else str(stage)
    try:
        return stages_pb2.PipelineStage.Value(_PREFIX + PipelineStage(status.lower()).name)
    except ValueError:
        names = ", ".join(each.value for each in PipelineStage)
        raise ValueError(f"stage: {status!r} is none; allowed are {names}") from None


def options_of(stage: PipelineStage) -> stages_pb2.StageOptions:
    """Give the stage's row of the table: percentages, typical seconds, label, flow, and how it ends the job."""
    value = stages_pb2.DESCRIPTOR.enum_types_by_name["PipelineStage"].values_by_name[_PREFIX + stage.name]
    return value.GetOptions().Extensions[stages_pb2.stage]


def all_stages() -> dict[str, int]:
    """Give the percentage each stage begins with, by status, in order."""
    return {stage.value: options_of(stage).start_percent for stage in PipelineStage}


def is_final(state: stages_pb2.JobState.ValueType) -> bool:
    """Whether a job in that state has ended."""
    return state in _FINAL


_FINAL = {options_of(stage).ends_as for stage in PipelineStage} - {stages_pb2.JOB_STATE_UNSPECIFIED}
