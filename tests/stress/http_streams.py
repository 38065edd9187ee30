#!/usr/bin/env python3
"""Many idle streams of events beside a live one: all stay alive, and what happens still arrives quickly.

Usage: http_streams.py BUILD [--streams N] [--stalled N] [--updates N] [--pause SECONDS]

Starts a daemon of its own, opens N idle streams, each of a job that nobody touches, then `stalled` ones that follow a busy
job and read nothing, and measures how long each update of the busy job takes to a stream that reads. Prints figures; exit 1
if a stream was lost or an update did not arrive.
"""

import argparse
import http.client
import json
import os
import pathlib
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

SERVICE = "/progress.v1.ProgressTrackerService/"


def resident_kib(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0])


class Daemon:
    def __init__(self, build, folder, connections):
        self.log = f"{folder}/log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [f"{build}/bin/progressd", "--rpc", f"ipc://{folder}/rpc.sock", "--pub", f"ipc://{folder}/events.sock",
                 "--store", "memory:", "--http", "127.0.0.1:0", "--http-connections-max", str(connections)], stderr=log)
        while "event=ready" not in self.read_log():
            assert self.process.poll() is None, self.read_log()
            time.sleep(0.01)
        self.port = int(self.read_log().split("http=http://127.0.0.1:")[1].split()[0])

    def read_log(self):
        return pathlib.Path(self.log).read_text(encoding="utf-8")

    def metric(self, name):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        return float(next(line.split()[1] for line in lines if line.startswith(name + " ")))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def open_stream(port, path, receive_bytes=None):
    link = socket.socket()
    if receive_bytes:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    link.settimeout(60)
    link.connect(("127.0.0.1", port))
    link.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return link


def await_begin(links):
    """Each stream has said something."""
    for link in links:
        data = b""
        while b"retry:" not in data:
            part = link.recv(4096)
            assert part, "a stream was closed"
            data += part


def count_closed(links):
    poll = select.poll()
    for link in links:
        poll.register(link, select.POLLRDHUP)
    return len(poll.poll(0))


class Updates:
    """Updates of the busy job, each with its number as the message."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, number, **fields):
        body = json.dumps({"jobId": "busy", "stage": "PIPELINE_STAGE_TRANSCRIBING", "message": f"number {number};", **fields})
        self.connection.request("POST", SERVICE + "UpdateProgress", body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        assert response.read() and response.status == 200, response.status


def measure(port, live, updates, count, pause):
    """Milliseconds from the sending of each update to its arrival at the live stream, sorted."""
    times = []
    live.settimeout(60)
    for number in range(count):
        started = time.perf_counter()
        updates.send(number)
        data, wanted = b"", f"number {number};".encode()
        while wanted not in data:
            part = live.recv(65536)
            assert part, "the live stream was closed"
            data = data[-64:] + part
        times.append((time.perf_counter() - started) * 1000)
        time.sleep(pause)
    return sorted(times)


def p99(times):
    return times[min(len(times) - 1, len(times) * 99 // 100)]


def describe(what, times):
    print(f"figure: {what}: p50 {times[len(times) // 2]:.2f} ms, p99 {p99(times):.2f} ms")


def run(daemon, arguments):
    updates = Updates(daemon.port)
    updates.send("first", metadata={f"k{number}": "x" * 1000 for number in range(10)})
    live = open_stream(daemon.port, "/api/events?job=busy")
    await_begin([live])
    describe("an update to a live stream, alone", measure(daemon.port, live, updates, arguments.updates, arguments.pause))
    before = resident_kib(daemon.process)
    idle = [open_stream(daemon.port, f"/api/events?job=idle-{number}") for number in range(arguments.streams)]
    await_begin(idle)
    grown = (resident_kib(daemon.process) - before) * 1024 / max(arguments.streams, 1)
    print(f"figure: {arguments.streams} idle streams: {grown / 1024:.1f} KiB each in the daemon, the HTTP library's part included")
    quiet = measure(daemon.port, live, updates, arguments.updates, arguments.pause)
    describe(f"beside {arguments.streams} idle streams", quiet)
    stalled = [open_stream(daemon.port, "/api/events?job=busy", 4096) for _ in range(arguments.stalled)]
    fill(daemon, updates)
    loaded = measure(daemon.port, live, updates, arguments.updates, arguments.pause)
    describe(f"and {arguments.stalled} that do not read", loaded)
    lost = count_closed(idle)
    open_now = daemon.metric("progressd_streams")
    print(f"figure: {open_now:.0f} streams open, {lost} idle ones lost")
    assert lost == 0 and open_now >= arguments.streams + 1
    return [*idle, *stalled, live]


def fill(daemon, updates):
    """Updates until those that do not read cannot be written to any more."""
    events, number = -1, 0
    while (now := daemon.metric("progressd_stream_events_total")) - events > 100:
        events = now
        for _ in range(50):
            updates.send(f"filler {number}")
            number += 1


def raise_limit(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard >= 0 else wanted, hard))
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < wanted:
        sys.exit(f"http_streams: this needs {wanted} open files")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--streams", type=int, default=10000)
    parser.add_argument("--stalled", type=int, default=1000)
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--pause", type=float, default=0.002)
    arguments = parser.parse_args()
    connections = arguments.streams + arguments.stalled + 100
    raise_limit(connections + 100)
    with tempfile.TemporaryDirectory(prefix="progress-streams-") as folder:
        daemon = Daemon(arguments.build, folder, connections)
        try:
            links = run(daemon, arguments)
            assert daemon.stop() == 0, daemon.read_log()
            for link in links:
                link.close()
        finally:
            if daemon.process.poll() is None:
                daemon.process.kill()


if __name__ == "__main__":
    main()
