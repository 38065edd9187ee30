"""No client has a stage's, a field's or a code's number of its own: they come from gen/, or from the descriptors."""

import re
import subprocess

import grpc

from support.messages import stages
from support.places import TREE

STAGES = [value.name.removeprefix("PIPELINE_STAGE_") for value in stages.DESCRIPTOR.enum_types_by_name["PipelineStage"].values]
# Words that programs use for other things, too, count when they are called stages, or quoted.
COMMON = ("ERROR", "FAILED", "CANCELLED", "PROCESSING")
STAGE_WORDS = [f"(?:STAGE_|[\"']){name}" if name in COMMON else name for name in STAGES[1:]]
CODES = [code.name for code in grpc.StatusCode if code is not grpc.StatusCode.OK]

# google.rpc.Code is in no schema of ours, so the header that C programs include says it; the test below compares it with gRPC's.
CODES_OF_C = "clients/c/include/prg/prg.h"


def client_sources():
    names = subprocess.run(["git", "ls-files", "clients"], cwd=TREE, capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        path = TREE / name
        if path.is_file() and re.search(r"\.(c|h|py|go|ts|tsx|js|mjs)$", name) and "/tests/" not in name and "_test." not in name:
            yield name, path.read_text(encoding="utf-8")


def copies(names, text):
    """The lines in which a name, in any spelling, is given a number. EXIT_… are the exit statuses of a program."""
    words = "|".join(sorted(set(names), key=len, reverse=True))
    name = rf"(?<![A-Za-z_])(?!EXIT_)(?:[A-Za-z_]*_)?(?:{words})"
    pattern = re.compile(rf"""{name}["']?\s*(?:=|:|=>|:=)\s*[({{\[]*\s*\d|["']{name}["'],\s*\d""", re.IGNORECASE)
    return [line.strip() for line in text.splitlines() if pattern.search(line)]


def test_no_client_has_a_stage_of_its_own():
    assert {name: found for name, text in client_sources() if (found := copies(STAGE_WORDS, text))} == {}


def test_no_client_has_a_code_of_its_own():
    found = {name: found for name, text in client_sources() if (found := copies(CODES, text))}
    assert set(found) <= {CODES_OF_C}
    numbers = dict(re.findall(r"^\tPRG_([A-Z_]+) = (\d+)", (TREE / CODES_OF_C).read_text(encoding="utf-8"), re.MULTILINE))
    assert {code.name: str(code.value[0]) for code in grpc.StatusCode}.items() <= numbers.items()


def test_no_client_has_a_field_s_number_of_its_own():
    packing = re.compile(r"<<\s*3\s*\||(?<!\b1 )<<\s*3\b")
    assert [name for name, text in client_sources() if packing.search(text)] == []


def test_the_search_finds_copies():
    for line in ("PIPELINE_STAGE_QUEUED = 1", '"transcribing": 25,', "Stage_Analyzing: 7", "PRG_STAGE_FAILED = 11", "('queued', 0)",
                 "{ downloading: 5 }", "queued := 1",
                 '"failed": 0'):
        assert copies(STAGE_WORDS, line), line
    for line in ("if progress.processing:", 'stage = "queued"  # 1', "PRG_STAGE_QUEUED, NULL", "case PRG_STAGE_FAILED:", "struct text error = {0};"):
        assert not copies(STAGE_WORDS, line), line
    assert copies(CODES, "NotFound = 5".replace("NotFound", "NOT_FOUND"))
