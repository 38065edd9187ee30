"""Nobody has a stage's, a field's or a code's number, or a stage's label, of his own: they come from gen/, or from the
descriptors."""

import re
import subprocess

import grpc

from support import messages
from support.messages import stages
from support.places import TREE

STAGES = [value.name.removeprefix("PIPELINE_STAGE_") for value in stages.DESCRIPTOR.enum_types_by_name["PipelineStage"].values]
# Words that programs use for other things, too, count when they are called stages, or quoted.
COMMON = ("ERROR", "FAILED", "CANCELLED", "PROCESSING")
STAGE_WORDS = [f"(?:STAGE_|[\"']){name}" if name in COMMON else name for name in STAGES[1:]]
CODES = [code.name for code in grpc.StatusCode if code is not grpc.StatusCode.OK]

# google.rpc.Code is in no schema of ours, so the header that C programs include says it; the test below compares it with gRPC's.
CODES_OF_C = "clients/c/include/prg/prg.h"
CODES_OF_THE_DAEMON = "src/base/err.h"

OURS = re.compile(r"\.(c|h|inc|py|go|[cm]?[jt]s|[jt]sx|html|css|vue|svelte|sh)$|^script/[a-z-]+$")
TESTS = re.compile(r"/tests/|_test\.|\.test\.")
BUILT = re.compile(r"/(dist|build|built|node_modules)/|\.min\.")


def sources(*folders):
    """What people have written there, by name: no tests, and nothing that was built."""
    listed = subprocess.run(["git", "ls-files", *folders], cwd=TREE, capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        path = TREE / name
        if path.is_file() and OURS.search(name) and not TESTS.search(name) and not BUILT.search(name):
            yield name, path.read_text(encoding="utf-8")


def labels():
    """The labels of the schema that are more than a word, which may stand for something else."""
    rows = [value.GetOptions().Extensions[stages.stage] for value in stages.DESCRIPTOR.enum_types_by_name["PipelineStage"].values]
    return [row.label for row in rows if " " in row.label]


def copies(names, text):
    """The lines in which a name, in any spelling, is given a number. EXIT_… are the exit statuses of a program."""
    words = "|".join(sorted(set(names), key=len, reverse=True))
    name = rf"(?<![A-Za-z_])(?!EXIT_)(?:[A-Za-z_]*_)?(?:{words})"
    pattern = re.compile(rf"""{name}["']?\s*(?:=|:|=>|:=)\s*[({{\[]*\s*\d|["']{name}["'],\s*\d""", re.IGNORECASE)
    return [line.strip() for line in text.splitlines() if pattern.search(line)]


def test_nobody_has_a_stage_of_his_own():
    assert {name: found for name, text in sources("clients", "src", "script") if (found := copies(STAGE_WORDS, text))} == {}


def test_nobody_has_a_label_of_his_own():
    assert len(labels()) > 5
    pattern = re.compile("|".join(map(re.escape, labels())))
    assert {name: found for name, text in sources("clients", "src") if (found := pattern.findall(text))} == {}


def test_the_search_reads_every_language():
    read = {name.rpartition(".")[2] for name, _ in sources("clients")}
    assert {"c", "h", "py", "go", "ts", "tsx", "js", "html"} <= read


def test_nobody_has_a_code_of_his_own():
    found = {name: found for name, text in sources("clients", "src", "script") if (found := copies(CODES, text))}
    assert set(found) <= {CODES_OF_C, CODES_OF_THE_DAEMON}
    numbers = dict(re.findall(r"^\tPRG_([A-Z_]+) = (\d+)", (TREE / CODES_OF_C).read_text(encoding="utf-8"), re.MULTILINE))
    assert {code.name: str(code.value[0]) for code in grpc.StatusCode}.items() <= numbers.items()


def test_no_client_has_a_field_s_number_of_its_own():
    packing = re.compile(r"<<\s*3\s*\||(?<!\b1 )<<\s*3\b")
    assert [name for name, text in sources("clients") if packing.search(text)] == []


def fields():
    """All fields of all messages in the schema, as (NAME, number)."""

    def of(message):
        yield from ((field.name.upper(), field.number) for field in message.fields)
        for inner in message.nested_types:
            yield from of(inner)

    files = (messages.job, messages.service, messages.rpc, messages.record, messages.scopes, stages)
    return {pair for file in files for message in file.DESCRIPTOR.message_types_by_name.values() for pair in of(message)}


def numbered_fields(text):
    """The lines of C in which constants with fields' names have their numbers (one may by chance), or a field is written
    by its number."""
    ours = fields()
    numbered = re.findall(r"^\s*([A-Z][A-Z0-9_]*_[A-Z0-9_]*) = (\d+)\b", text, re.MULTILINE)
    constants = [row for row in numbered if any(row[0].endswith("_" + name) and int(row[1]) == number for name, number in ours)]
    written = re.findall(r"(?:request|writer)_put_\w+\([^,()]+, \d+,|\bfield\.number [!=]= \d+", text)
    return written + (constants if len(constants) > 1 else [])


def test_the_daemon_has_no_field_s_number_of_its_own():
    assert len(fields()) > 100
    assert {name: found for name, text in sources("src") if (found := numbered_fields(text))} == {}


def test_the_search_finds_numbered_fields():
    for line in ("\tINFO_JOB_ID = 1,\n\tCALL_METADATA = 5,", "request_put_text(&request, 1, id);", "if (field.number != 1)"):
        assert numbered_fields(line), line
    for line in ("\tWAIT_MS = 3,", "writer_put_number(out, ETA__SECONDS, 1);", "if (field.number == CALL__METHOD)"):
        assert not numbered_fields(line), line


def test_the_search_finds_copies():
    for line in ("PIPELINE_STAGE_QUEUED = 1", '"transcribing": 25,', "Stage_Analyzing: 7", "PRG_STAGE_FAILED = 11", "('queued', 0)",
                 "{ downloading: 5 }", "queued := 1",
                 '"failed": 0'):
        assert copies(STAGE_WORDS, line), line
    for line in ("if progress.processing:", 'stage = "queued"  # 1', "PRG_STAGE_QUEUED, NULL", "case PRG_STAGE_FAILED:", "struct text error = {0};"):
        assert not copies(STAGE_WORDS, line), line
    assert copies(CODES, "NotFound = 5".replace("NotFound", "NOT_FOUND"))
