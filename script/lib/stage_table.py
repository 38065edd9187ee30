"""Writes the table of stages as a C include file, one STAGE(...) line a stage, from a FileDescriptorSet.

Usage: stage_table.py DESCRIPTOR_SET > stages.inc

The descriptor set must hold progress/v1/stages.proto and its imports. The rows keep the order of the enum in the schema.
"""

import json
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

NUMBER_MAX = 63  # sets of stages are kept in 64 bits


def load_pool(path):
    files = descriptor_pb2.FileDescriptorSet()
    with open(path, "rb") as stream:
        files.ParseFromString(stream.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return files, pool


def stage_rows(files, pool):
    options_type = message_factory.MessageFactory(pool).GetPrototype(
        pool.FindMessageTypeByName("google.protobuf.EnumValueOptions"))
    extension = pool.FindExtensionByName("progress.v1.stage")
    stage_options = message_factory.MessageFactory(pool).GetPrototype(extension.message_type)
    stages_file = next(file for file in files.file if file.name == "progress/v1/stages.proto")
    enum = next(enum for enum in stages_file.enum_type if enum.name == "PipelineStage")
    for value in enum.value:
        if value.number == 0:
            continue
        options = options_type.FromString(value.options.SerializeToString())
        if not options.HasExtension(extension):
            sys.exit(f"stage_table: {value.name} has no (stage) option")
        row = stage_options.FromString(options.Extensions[extension].SerializeToString())
        yield value, row


def short_name(name, prefix):
    if not name.startswith(prefix):
        sys.exit(f"stage_table: {name} does not begin with {prefix}")
    return name[len(prefix):]


def enum_value_name(pool, enum, number, prefix):
    descriptor = pool.FindEnumTypeByName(enum)
    return short_name(descriptor.values_by_number[number].name, prefix)


def check_row(name, number, row):
    if not 1 <= number <= NUMBER_MAX:
        sys.exit(f"stage_table: {name} has number {number}; allowed are 1 to {NUMBER_MAX}")
    if not 0 <= row.start_percent <= row.end_percent <= 100:
        sys.exit(f"stage_table: {name}: 0 <= start_percent <= end_percent <= 100 does not hold")
    if not row.label or row.flow == 0:
        sys.exit(f"stage_table: {name}: label and flow must be set")


def main():
    files, pool = load_pool(sys.argv[1])
    print("/* Generated from progress/v1/stages.proto by script/generate; do not edit. */")
    print("/* STAGE(NAME, number, status, start_percent, end_percent, typical_seconds, label, FLOW, ENDS_AS) */")
    for value, row in stage_rows(files, pool):
        check_row(value.name, value.number, row)
        name = short_name(value.name, "PIPELINE_STAGE_")
        flow = enum_value_name(pool, "progress.v1.StageFlow", row.flow, "STAGE_FLOW_")
        ends_as = enum_value_name(pool, "progress.v1.JobState", row.ends_as, "JOB_STATE_")
        print(f'STAGE({name}, {value.number}, "{name.lower()}", {row.start_percent}, {row.end_percent}, '
              f'{row.typical_seconds:g}, {json.dumps(row.label, ensure_ascii=False)}, {flow}, {ends_as})')


if __name__ == "__main__":
    main()
