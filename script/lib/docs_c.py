"""Makes a page of libprg's public headers, which are its manual, and fails for a function without a comment of its own.

Usage: docs_c.py OUT HEADER...
A paragraph is what stands between empty lines: a comment, then what it is about.
"""

import html
import pathlib
import re
import sys


def undocumented(text):
    """The functions in paragraphs without a comment, unless a heading comment above speaks for a whole list."""
    speaks = False
    for paragraph in re.split(r"\n\s*\n", text):
        names = re.findall(r"^PRG_API[^(]*?\b(prg_\w+)\(", paragraph, re.MULTILINE)
        if paragraph.lstrip().startswith("/*"):
            speaks = True
        elif names and not speaks:
            yield from names
        elif not names:
            speaks = False


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    body, silent = [], []
    for path in map(pathlib.Path, sys.argv[2:]):
        text = path.read_text(encoding="utf-8")
        silent += undocumented(text)
        body.append(f"<h1>&lt;prg/{path.name}&gt;</h1>\n<pre>{html.escape(text)}</pre>")
    (out / "index.html").write_text("<!DOCTYPE html>\n<meta charset=utf-8>\n<title>libprg</title>\n" + "\n".join(body) + "\n",
                                    encoding="utf-8")
    sys.exit(f"not documented: {' '.join(silent)}" if silent else 0)


if __name__ == "__main__":
    main()
