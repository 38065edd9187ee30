"""Writes the table of methods as a C include file, one METHOD(...) line a method, from a FileDescriptorSet.

Usage: method_table.py DESCRIPTOR_SET > methods.inc

The rows keep the order of the services in the schema. What the C descriptors of protobuf-c do not say, and src/wire/json_name.c
therefore derives by protobuf's rules, is checked here: no field has a JSON name of its own, and a message that looks like the
entry of a map is one.
"""

import re
import sys

import stage_table
from google.protobuf import descriptor_pb2, message_factory

REPEATED = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED


def camel(name):
    return re.sub(r"_+(.?)", lambda match: match[1].upper(), name)


def snake(name):
    """ "JobFilter" becomes job_filter."""
    return re.sub(r"(?<=[^A-Z])(?=[A-Z])", "_", name).lower()


def c_name(full_name):
    """The name of a type as protoc-gen-c writes it: ".progress.v1.JobFilter" becomes progress__v1__job_filter."""
    return "__".join(snake(word) for word in full_name.lstrip(".").split("."))


def looks_like_an_entry(message, outer_name, fields):
    by_type = {field.type_name: field for field in fields if field.label == REPEATED}
    field = by_type.get(f"{outer_name}.{message.name}")
    pair = [(part.number, part.name) for part in message.field] == [(1, "key"), (2, "value")]
    if field is None or not pair:
        return False
    name = camel(field.name)
    return message.name == name[0].upper() + name[1:] + "Entry"


def check_message(message, name):
    for field in message.field:
        if field.json_name != camel(field.name):
            sys.exit(f"method_table: {name}.{field.name} has the JSON name {field.json_name}; only {camel(field.name)} is known")
    for inner in message.nested_type:
        if inner.options.map_entry != looks_like_an_entry(inner, name, message.field):
            sys.exit(f"method_table: {name}.{inner.name}: only the entry of a map may have that name and those fields")
        check_message(inner, f"{name}.{inner.name}")


class Scopes:
    """Reads the scope option of methods, which the library knows by the schema only."""

    def __init__(self, pool):
        self._options = message_factory.MessageFactory(pool).GetPrototype(
            pool.FindMessageTypeByName("google.protobuf.MethodOptions"))
        self._scope = pool.FindExtensionByName("progress.v1.scope")

    def of(self, method):
        """ "READ" for SCOPE_READ."""
        number = self._options.FromString(method.options.SerializeToString()).Extensions[self._scope]
        if number == 0:
            sys.exit(f"method_table: {method.name} has no (scope) option: nobody could say who may call it")
        return self._scope.enum_type.values_by_number[number].name.removeprefix("SCOPE_")


def method_row(service, method, scope):
    if method.client_streaming:
        sys.exit(f"method_table: {method.name} takes a stream, which no door knows")
    streaming = "true" if method.server_streaming else "false"
    types = f"{c_name(method.input_type)}, {c_name(method.output_type)}"
    return f'METHOD("/{service}/{method.name}", {types}, {streaming}, {scope})'


def main():
    files, pool = stage_table.load_pool(sys.argv[1])
    print("/* Generated from progress/v1/*.proto by script/generate; do not edit. */")
    print("/* METHOD(name, input, output, is_streaming, scope) */")
    scopes = Scopes(pool)
    for file in files.file:
        if not file.package.startswith("progress."):
            continue
        for message in file.message_type:
            check_message(message, f".{file.package}.{message.name}")
        for service in file.service:
            for method in service.method:
                print(method_row(f"{file.package}.{service.name}", method, scopes.of(method)))


if __name__ == "__main__":
    main()
