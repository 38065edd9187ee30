"""Makes the calls of the conformance vectors with the Python client; tests/conformance/README.md tells how it is talked to."""

import pathlib
import sys
import threading

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "src"))

from progressd import Channel, ProgressTrackerServiceStub
from progressd.gen.progress.v1 import progress_service_pb2

printing = threading.Lock()


def say(*words):
    with printing:
        print(*(word or "-" for word in words), flush=True)


def say_ok(number, call, response):
    durability = dict(call.trailing_metadata()).get("durability", "")
    say(number, "ok", durability, response.SerializeToString().hex())


def say_error(number, error):
    reason = dict(error.trailing_metadata()).get("reason", "")
    say(number, "error", error.code().name, reason, error.details().encode().hex())


def request_of(method, text):
    message = getattr(progress_service_pb2, method + "Request")
    return message.FromString(bytes.fromhex(text if text != "-" else ""))


def make_call(stub, number, method, timeout_ms, text):
    timeout = int(timeout_ms) / 1000 or None
    try:
        response, call = getattr(stub, method).with_call(request_of(method, text), timeout=timeout)
        say_ok(number, call, response)
    except grpc.RpcError as error:
        say_error(number, error)


def follow(number, stream):
    try:
        for response in stream:
            say_ok(number, stream, response)
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.CANCELLED:
            say_error(number, error)


def main():
    stub = ProgressTrackerServiceStub(Channel(sys.argv[1]))
    streams = {}
    for line in sys.stdin:
        kind, number, *rest = line.split()
        if kind == "call":
            threading.Thread(target=make_call, args=(stub, number, *rest), daemon=True).start()
        elif kind == "watch":
            streams[number] = getattr(stub, rest[0])(request_of(*rest))
            threading.Thread(target=follow, args=(number, streams[number]), daemon=True).start()
        elif kind == "cancel":
            streams.pop(number).cancel()


if __name__ == "__main__":
    main()
