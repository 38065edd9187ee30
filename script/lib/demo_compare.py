"""Shows what was said beside what was heard, and how many of the words were found; fails when most were not.

usage: demo_compare.py SPOKEN.txt TRANSCRIPT.txt
"""

import difflib
import re
import sys

SHARE_MIN = 0.6


def words_of(line):
    return re.findall(r"[a-z0-9']+", line.lower())


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spoken = [line.strip() for line in file if line.strip()]
    with open(sys.argv[2], encoding="utf-8") as file:
        heard = words_of(file.read())
    said = [(word, number) for number, line in enumerate(spoken) for word in words_of(line)]
    matcher = difflib.SequenceMatcher(None, [word for word, _ in said], heard, autojunk=False)
    lines = [[] for _ in spoken]
    found = 0
    for kind, start, end, heard_start, heard_end in matcher.get_opcodes():
        found += end - start if kind == "equal" else 0
        for offset, word in enumerate(heard[heard_start:heard_end]):
            place = min(start + offset, max(start, end - 1), len(said) - 1)
            lines[said[place][1]].append(word)
    for line, words in zip(spoken, lines):
        print(f"  said   {line}\n  heard  {' '.join(words)}")
    share = found / len(said)
    print(f"\n  {found} of {len(said)} words found ({share:.0%})")
    return 0 if share >= SHARE_MIN else 1


if __name__ == "__main__":
    sys.exit(main())
