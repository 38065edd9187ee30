"""Writes the stages as Go constants with short names, from a FileDescriptorSet with its comments.

Usage: stage_consts.py DESCRIPTOR_SET IMPORT_PATH > stage.go

Percentages and labels are not written: Go reads them from the descriptors.
"""

import sys

import stage_enum
import stage_table

PREFIX = "PIPELINE_STAGE_"


def camel(name):
    """POSTING_TIKTOK is PostingTiktok."""
    return "".join(word.capitalize() for word in name.split("_"))


def main():
    files, pool = stage_table.load_pool(sys.argv[1])
    comments = stage_enum.comments_of(files)
    print("// Code generated from progress/v1/stages.proto by script/generate; DO NOT EDIT.\n")
    print("// Package stage names the stages of a job.\npackage stage\n")
    print(f'import progressv1 "{sys.argv[2]}"\n')
    print("// The stages in their order.\nconst (")
    rows = stage_table.stage_rows(files, pool)
    names = [stage_table.short_name(value.name, PREFIX) for value, _ in rows]
    for place, name in enumerate(names, start=1):
        print(f"\t// {comments[place]}\n\t{camel(name)} = progressv1.PipelineStage_{PREFIX}{name}")
    print(")")


if __name__ == "__main__":
    main()
