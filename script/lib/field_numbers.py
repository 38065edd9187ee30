"""Writes the numbers of all fields as a C header, MESSAGE__FIELD = NUMBER, from a FileDescriptorSet.

Usage: field_numbers.py DESCRIPTOR_SET > fields.h

protobuf-c keeps them in its descriptors only, which are too slow for what is written and read field by field.
"""

import sys

import stage_table
from method_table import snake

WELL_KNOWN = ("google/protobuf/duration.proto", "google/protobuf/timestamp.proto")


def rows_of(message, outer=""):
    """(constant, number) of its fields, and of those of the messages in it."""
    name = outer + snake(message.name).upper()
    for field in message.field:
        yield f"{name}__{field.name.upper()}", field.number
    for inner in message.nested_type:
        yield from rows_of(inner, f"{name}__")


def main():
    files, _ = stage_table.load_pool(sys.argv[1])
    chosen = [file for file in files.file if file.package.startswith("progress.") or file.name in WELL_KNOWN]
    rows = [row for file in chosen for message in file.message_type for row in rows_of(message)]
    names = [name for name, _ in rows]
    if twice := {name for name in names if names.count(name) > 1}:
        sys.exit(f"field_numbers: two packages have a message with the same name: {', '.join(sorted(twice))}")
    print("/* Generated from the schema by script/generate; do not edit. */")
    print("#ifndef PROGRESS_FIELDS_H\n#define PROGRESS_FIELDS_H\n\nenum {")
    for name, number in rows:
        print(f"\t{name} = {number},")
    print("};\n\n#endif")


if __name__ == "__main__":
    main()
