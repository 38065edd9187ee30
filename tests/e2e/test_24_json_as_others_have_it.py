"""The JSON mapping against Google's own: random messages of every type in both directions, and texts that both must refuse."""

import binascii
import importlib
import json
import math
import os
import random
import struct
import subprocess
import sys
import time

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor

from support import messages, places

ROUNDS = 25
DEPTH_MAX = 4
TEXT_PIECES = ["a", "Z", "0", " ", '"', "\\", "/", "<b>", "&", "é", "€", "\u2028", "\u2029", "😀", "_"]


@pytest.fixture(scope="module")
def chance():
    seed = int(os.environ.get("TEST_SEED", time.time_ns()))
    print(f"TEST_SEED={seed}")
    return random.Random(seed)


class Converter:
    """json_convert: one line in, one line out."""

    def __init__(self):
        path = places.BUILD / "tests" / "json_convert"
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, *words):
        self.process.stdin.write(" ".join(words).encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().rstrip("\n")

    def seal(self, message, verb="seal"):
        answer = self.ask(verb, message.DESCRIPTOR.full_name, message.SerializeToString().hex())
        assert answer.startswith("ok "), answer
        return answer[3:]

    def open(self, type_name, text):
        """The bytes, or the refusal as a string."""
        answer = self.ask("open", type_name, text.encode().hex())
        return binascii.unhexlify(answer[3:]) if answer.startswith("ok ") else answer


@pytest.fixture(scope="module")
def converter():
    converter = Converter()
    yield converter
    converter.process.stdin.close()
    assert converter.process.wait(10) == 0
    converter.process.stdout.close()


@pytest.fixture(scope="module")
def classes(converter, tmp_path_factory):
    """Message classes by name: every type that json_convert knows."""
    folder = tmp_path_factory.mktemp("every_kind")
    source = places.TREE / "tests" / "conformance"
    subprocess.run(["protoc", f"-I{source}", f"--python_out={folder}", "every_kind.proto"], check=True)
    sys.path.insert(0, str(folder))
    every_kind = importlib.import_module("every_kind_pb2")
    store = importlib.import_module("progress.store.v1.record_pb2")
    modules = (messages.service, messages.job, messages.rpc, store, every_kind)
    known = {f"{module.DESCRIPTOR.package}.{name}": getattr(module, name)
             for module in modules for name in module.DESCRIPTOR.message_types_by_name}
    names = [name for name in converter.ask("types").split() if not name.startswith("google.protobuf.")]
    assert len(names) > 50
    return {name: known[name] for name in names}


# ---- random messages

def random_float32(chance):
    value = struct.unpack("<f", struct.pack("<I", chance.getrandbits(32)))[0]
    return value if math.isfinite(value) else math.inf


def random_double(chance):
    value = struct.unpack("<d", struct.pack("<Q", chance.getrandbits(64)))[0]
    return chance.choice([value if math.isfinite(value) else -math.inf, chance.random(), chance.randrange(100000) / 1000])


def random_whole(chance, bits, signed):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return chance.choice([low, high, chance.randint(low, high), chance.randint(0, 1000)])


def random_scalar(chance, field):
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING and field.type == FieldDescriptor.TYPE_BYTES:
        return chance.randbytes(chance.randrange(50))
    return {
        FieldDescriptor.CPPTYPE_BOOL: lambda: chance.random() < 0.5,
        FieldDescriptor.CPPTYPE_INT32: lambda: random_whole(chance, 32, True),
        FieldDescriptor.CPPTYPE_UINT32: lambda: random_whole(chance, 32, False),
        FieldDescriptor.CPPTYPE_INT64: lambda: random_whole(chance, 64, True),
        FieldDescriptor.CPPTYPE_UINT64: lambda: random_whole(chance, 64, False),
        FieldDescriptor.CPPTYPE_FLOAT: lambda: random_float32(chance),
        FieldDescriptor.CPPTYPE_DOUBLE: lambda: random_double(chance),
        FieldDescriptor.CPPTYPE_ENUM: lambda: chance.choice([*field.enum_type.values_by_number, 12345]),
        FieldDescriptor.CPPTYPE_STRING: lambda: "".join(chance.choices(TEXT_PIECES, k=chance.randrange(8))),
    }[kind]()


def is_message(field):
    return field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE


def is_map(field):
    return is_message(field) and field.message_type.GetOptions().map_entry


def fill_map(chance, container, field, depth):
    key, value = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
    for _ in range(chance.randrange(4)):
        name = random_scalar(chance, key)
        if is_message(value):
            fill(chance, container[name], depth - 1)
        else:
            container[name] = random_scalar(chance, value)


def fill_list(chance, container, field, depth):
    for _ in range(chance.randrange(4)):
        if is_message(field):
            fill(chance, container.add(), depth - 1)
        else:
            container.append(random_scalar(chance, field))


def fill_time(chance, message):
    if message.DESCRIPTOR.name == "Timestamp":
        message.seconds = chance.randint(-62135596800, 253402300799)
    else:
        message.seconds = chance.randint(0, 315575999999)
    message.nanos = chance.choice([0, 500000000, 1000000, 1000, 1, 999999999])
    if message.DESCRIPTOR.name == "Duration" and chance.random() < 0.5:
        message.seconds, message.nanos = -message.seconds, -message.nanos


def fill(chance, message, depth=DEPTH_MAX):
    if message.DESCRIPTOR.full_name in ("google.protobuf.Timestamp", "google.protobuf.Duration"):
        fill_time(chance, message)
        return message
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.3 or is_message(field) and depth <= 1:
            continue
        if is_map(field):
            fill_map(chance, getattr(message, field.name), field, depth)
        elif field.label == FieldDescriptor.LABEL_REPEATED:
            fill_list(chance, getattr(message, field.name), field, depth)
        elif is_message(field):
            getattr(message, field.name).SetInParent()
            fill(chance, getattr(message, field.name), depth - 1)
        else:
            setattr(message, field.name, random_scalar(chance, field))
    return message


# ---- the comparison

def test_random_messages_read_the_same_in_json(converter, classes, chance):
    for name, cls in classes.items():
        for _ in range(ROUNDS):
            message = fill(chance, cls())
            ours = converter.seal(message)
            assert json.loads(ours) == json.loads(json_format.MessageToJson(message)), name
            assert json_format.Parse(ours, cls()) == message, name


def test_random_messages_read_the_same_with_defaults_shown(converter, classes, chance):
    for name, cls in classes.items():
        for _ in range(ROUNDS // 5):
            message = fill(chance, cls())
            theirs = json_format.MessageToJson(message, including_default_value_fields=True)
            assert json.loads(converter.seal(message, "seal-defaults")) == json.loads(theirs), name


@pytest.mark.parametrize("options", [
    {},
    {"preserving_proto_field_name": True, "indent": 7},
    {"use_integers_for_enums": True, "ensure_ascii": False},
    {"including_default_value_fields": True},
])
def test_json_of_google_opens_to_the_same_message(converter, classes, chance, options):
    for name, cls in classes.items():
        for _ in range(ROUNDS // 4):
            message = fill(chance, cls())
            packed = converter.open(name, json_format.MessageToJson(message, **options))
            assert isinstance(packed, bytes), packed
            assert cls.FromString(packed) == message, name


TEXTS_TO_REFUSE = [
    '{"anInt32": 2147483648}', '{"anInt32": 0.5}', '{"anInt32": "x"}', '{"anInt32": " 1"}', '{"anInt32": true}',
    '{"aUint32": -1}', '{"aUint64": 18446744073709551616}', '{"anInt64": "9223372036854775808"}', '{"aBool": "true"}',
    '{"aBool": 1}', '{"aString": 5}', '{"colour": "RED"}', '{"aFloat": 1e39}', '{"time": "2024-01-01"}',
    '{"time": "0000-01-01T00:00:00Z"}', '{"duration": "1"}', '{"duration": "315576000001s"}', '{"unknown": 1}',
    '{"anInt32": 1, "anInt32": 2}', '{"inner": 5}', '{"aBool": true,}', '{"aString": "\\ud800"}', "", "{",
]


def refusal_of_google(cls, text):
    try:
        json_format.Parse(text, cls())
    except (json_format.ParseError, UnicodeEncodeError):
        return True
    return False


@pytest.mark.parametrize("text", TEXTS_TO_REFUSE)
def test_both_refuse(converter, classes, text):
    answer = converter.open("every_kind.Singles", text)
    assert isinstance(answer, str) and answer.startswith("invalid_argument "), answer
    assert refusal_of_google(classes["every_kind.Singles"], text)
