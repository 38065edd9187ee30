"""The errors of calls, and how the service's codes become gRPC's."""

from __future__ import annotations

from typing import Any, Callable, Union

import grpc
import grpc.aio

from .gen.progress.rpc.v1 import rpc_pb2

Metadata = tuple[tuple[str, Union[str, bytes]], ...]

_CODES = {code.value[0]: code for code in grpc.StatusCode}


def status_code(number: int) -> grpc.StatusCode:
    """Give gRPC's name for a google.rpc.Code."""
    return _CODES.get(number, grpc.StatusCode.UNKNOWN)


class Ended(grpc.Call):
    """A call that is over: its code, its text and its trailing metadata."""

    def __init__(self, code: grpc.StatusCode, details: str, trailing: Metadata) -> None:
        self._code, self._details, self.trailing = code, details, trailing

    def code(self) -> grpc.StatusCode:
        """Say how the call has ended."""
        return self._code

    def details(self) -> str:
        """Say for people which field, what was wrong and what is allowed."""
        return self._details

    def initial_metadata(self) -> Metadata:
        """Give nothing: the protocol has none."""
        return ()

    def trailing_metadata(self) -> Metadata:
        """Give "reason" of an error, "durability" of an answer."""
        return self.trailing

    def is_active(self) -> bool:
        """Say no: it is over."""
        return False

    def time_remaining(self) -> float | None:  # type: ignore[override]
        """Give nothing: it is over."""
        return None

    def cancel(self) -> bool:
        """Do nothing: it is over."""
        return False

    def add_callback(self, callback: Callable[[], Any]) -> bool:
        """Refuse it: the call is over."""
        return False


class RpcError(grpc.RpcError, Ended):  # type: ignore[misc]
    """A call that has failed."""

    def __init__(self, code: grpc.StatusCode, details: str, trailing: Metadata = ()) -> None:
        grpc.RpcError.__init__(self, code, details, trailing)
        Ended.__init__(self, code, details, trailing)

    @property
    def reason(self) -> str:
        """The reason for programs: UPPER_SNAKE ("STAGE_REGRESSION"); may be empty."""
        return str(dict(self.trailing).get("reason", ""))

    def __str__(self) -> str:
        return f"{self._code.name}: {self._details}"


class AioRpcError(grpc.aio.AioRpcError):
    """The same for asyncio."""

    def __init__(self, error: RpcError) -> None:
        trailing = grpc.aio.Metadata(*error.trailing)
        super().__init__(error.code(), grpc.aio.Metadata(), trailing, error.details(), str(error))
        self.reason = error.reason

    def __str__(self) -> str:
        return f"{self.code().name}: {self.details()}"


class JobCancelled(Exception):
    """Somebody has asked for the job to be cancelled; leaving a stage with it ends the job as CANCELLED."""


def reason_error(code: grpc.StatusCode, reason: str, details: str) -> RpcError:
    """Make an error with a reason for programs."""
    return RpcError(code, details, (("reason", reason),))


def trailing_of(reply: rpc_pb2.Reply) -> Metadata:
    """Give what a reply says beside its message."""
    if reply.code:
        return (("reason", reply.reason),) if reply.reason else ()
    name = rpc_pb2.Durability.Name(reply.durability) if reply.durability in rpc_pb2.Durability.values() else ""
    return (("durability", name.replace("DURABILITY_", "", 1)),)


def reply_error(reply: rpc_pb2.Reply) -> RpcError:
    """Make the error that a reply tells of."""
    return RpcError(status_code(reply.code), reply.message, trailing_of(reply))
