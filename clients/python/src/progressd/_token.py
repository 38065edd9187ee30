"""What a client proves itself with."""

from __future__ import annotations

import os


def choose(authorization: str | None) -> str:
    """Choose the given authorization, else the token in $PRG_TOKEN, else the first line of the file $PRG_TOKEN_FILE.

    :raises ValueError: the file cannot be read, or what was found is no token; the text quotes nothing of it.
    """
    if authorization is not None:
        return authorization
    token, path = os.environ.get("PRG_TOKEN", ""), os.environ.get("PRG_TOKEN_FILE", "")
    if token or not path:
        return _checked(token, "PRG_TOKEN") if token else ""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return _checked(file.readline().rstrip("\r\n"), "PRG_TOKEN_FILE")
    except OSError as error:
        raise ValueError(f"PRG_TOKEN_FILE: cannot read {path[:200]}: {error.strerror}") from None


def _checked(token: str, source: str) -> str:
    if not token or not all("!" <= letter <= "~" for letter in token):
        raise ValueError(f"{source}: holds no token")
    return f"Bearer {token}"
