"""Writes the numbers of all fields as a C header, MESSAGE__FIELD = NUMBER, from a FileDescriptorSet.

Usage: field_numbers.py DESCRIPTOR_SET > fields.h

protobuf-c keeps them in its descriptors only, which are too slow for what is written and read field by field.
"""

import re
import sys

from google.protobuf import descriptor_pb2

WELL_KNOWN = ("google/protobuf/duration.proto", "google/protobuf/timestamp.proto")


def constant(name):
    """ "ProgressInfo" becomes PROGRESS_INFO."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def rows_of(message, outer=""):
    """(constant, number) of its fields, and of those of the messages in it."""
    name = outer + constant(message.name)
    for field in message.field:
        yield f"{name}__{constant(field.name)}", field.number
    for inner in message.nested_type:
        yield from rows_of(inner, f"{name}__")


def main():
    files = descriptor_pb2.FileDescriptorSet()
    with open(sys.argv[1], "rb") as stream:
        files.ParseFromString(stream.read())
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
