"""A stream of the service is one long poll after the other over NNG, each going on where the answer before has ended.

An answer that was lost is asked for again with the same token, so nothing is missed and nothing comes twice; a token that is
too old gives a snapshot with `resync`. Answers without news are not passed on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf.message import Message

from ._call import Call, Method, Settings
from ._connection import Connection
from .errors import RpcError, reason_error

PAUSE_S = 0.05  # after an answer without news, so that a service that never waits is not asked in a busy loop


class Polls:
    """The calls of one stream."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        method: Method,
        request: Any,
        timeout: float | None,
        metadata: Iterable[tuple[str, str | bytes]] | None,
        wait_for_ready: bool | None,
    ) -> None:
        if not isinstance(request, Message) or "resume_token" not in request.DESCRIPTOR.fields_by_name:
            text = f"{method.name}: only streams that go on by a resume_token can be carried"
            raise reason_error(grpc.StatusCode.UNIMPLEMENTED, "NOT_RESUMABLE", text)
        self._arguments = connection, settings, method
        self._metadata = tuple(metadata or ())
        self._wait_for_ready = not settings.fail_fast if wait_for_ready is None else wait_for_ready
        self._request: Any = type(request)()
        self._request.CopyFrom(request)
        self._deadline = math.inf if timeout is None else time.monotonic() + timeout
        self._is_first = True

    def time_left(self) -> float:
        """Give the seconds until the stream's deadline."""
        return self._deadline - time.monotonic()

    def next_call(self) -> Call:
        """Make the next long poll."""
        left = self.time_left()
        timeout = None if left == math.inf else max(left, 0.0)
        return Call(*self._arguments, self._request, timeout, self._metadata, self._wait_for_ready)

    def take(self, response: Any) -> bool:
        """Go on behind this answer; whether it has news."""
        self._request.resume_token = response.resume_token
        has_news = self._is_first or bool(response.events) or response.resync
        self._is_first = False
        return has_news

    def passes_by_itself(self, error: RpcError) -> bool:
        """Whether the stream outlives this error of a poll, because there is time left and the trouble may pass."""
        if self.time_left() <= 0 or not self._wait_for_ready:
            return False
        return error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
