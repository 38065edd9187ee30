"""Which address a client talks to, and what an address may look like."""

from __future__ import annotations

import os
import re
import stat

DEFAULT_TCP = "tcp://127.0.0.1:7070"
SOCKET_PATH_BYTES_MAX = 107
PORT_MAX = 65535


def choose(url: str | None) -> str:
    """Choose the given address, else $PRG_SERVER, else a unix socket of the daemon's usual places, else the tcp port.

    :raises ValueError: the address is none.
    """
    source = "server"
    if not url:
        url, source = os.environ.get("PRG_SERVER", ""), "PRG_SERVER"
    url = url or _usual_place()
    if not _is_ipc(url) and not _is_tcp(url):
        raise ValueError(
            f'{source}: "{url[:200]}" is no address; allowed are ipc://PATH (up to {SOCKET_PATH_BYTES_MAX} bytes) '
            "and tcp://HOST:PORT"
        )
    return url


def _usual_place() -> str:
    user = os.geteuid()
    runtime, session = os.environ.get("RUNTIME_DIRECTORY", ""), os.environ.get("XDG_RUNTIME_DIR", "")
    folders = [
        runtime.split(":")[0],  # systemd separates several folders by colons
        f"{session}/progressd" if session else "",
        f"/tmp/progressd-{user}",
        "/run/progressd",
    ]
    for folder in folders:
        if folder.startswith("/") and _is_trusted_socket(f"{folder}/rpc.sock", user):
            return f"ipc://{folder}/rpc.sock"
    return DEFAULT_TCP


def _is_trusted_socket(path: str, user: int) -> bool:
    """Whether it belongs to us or to root: everybody can make folders in /tmp."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    return stat.S_ISSOCK(status.st_mode) and status.st_uid in (user, 0)


def _is_ipc(url: str) -> bool:
    return url.startswith("ipc://") and 0 < len(os.fsencode(url[6:])) <= SOCKET_PATH_BYTES_MAX


def _is_tcp(url: str) -> bool:
    match = re.fullmatch(r"tcp://.+:([0-9]{1,5})", url)
    return match is not None and 1 <= int(match[1]) <= PORT_MAX
