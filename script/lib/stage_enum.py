"""Writes the stages as a Python enum whose values are their statuses, from a FileDescriptorSet with its comments.

Usage: stage_enum.py DESCRIPTOR_SET > stages.py

Percentages and labels are not written: Python reads them from the descriptors.
"""

import sys

import stage_table

ENUM_FIELD, VALUE_FIELD = 5, 2  # of FileDescriptorProto and EnumDescriptorProto: the path of a value's comment


def comments_of(files):
    """The comment that stands before each value of PipelineStage, by its place."""
    file = next(file for file in files.file if file.name == "progress/v1/stages.proto")
    place = next(index for index, enum in enumerate(file.enum_type) if enum.name == "PipelineStage")
    return {location.path[3]: " ".join(location.leading_comments.split()) for location in file.source_code_info.location
            if len(location.path) == 4 and list(location.path[:3]) == [ENUM_FIELD, place, VALUE_FIELD]}


def main():
    files, pool = stage_table.load_pool(sys.argv[1])
    comments = comments_of(files)
    print('"""Generated from progress/v1/stages.proto by script/generate; do not edit."""\n\nimport enum\n\n')
    print('class PipelineStage(str, enum.Enum):\n    """The stages in their order; the value is the status."""')
    for place, (value, _) in enumerate(stage_table.stage_rows(files, pool), start=1):
        name = stage_table.short_name(value.name, "PIPELINE_STAGE_")
        print(f'\n    {name} = "{name.lower()}"\n    """{comments[place]}"""')


if __name__ == "__main__":
    main()
