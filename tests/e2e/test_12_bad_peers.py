"""Peers that do not keep to the rules of the connection are dropped, and the others notice nothing.

After each test other clients are served, the daemon runs as before, and its store holds what it held.
"""

import pytest

from support import raw, rpc, wait, witness
from support.rpc import Client


@pytest.fixture(autouse=True)
def nothing_changes(daemon):
    before = witness.prepare(daemon)
    yield
    witness.check_unchanged(daemon, before)


@pytest.mark.parametrize("claimed", [2 << 30, 1 << 63, (1 << 64) - 1])
def test_a_frame_that_claims_far_too_much_costs_its_connection(daemon, claimed):
    for url in witness.urls(daemon):
        with Client(url) as other, raw.shake_hands(url) as link:
            link.sendall(raw.head(url, claimed) + b"\x80\0\0\1" + b"x" * 100)
            raw.wait_until_dropped(link)
            assert other.call("GetProgress", job_id="job-1").progress_info.progress == 37


def test_a_frame_of_two_mebibytes_costs_its_connection(daemon):
    for url in witness.urls(daemon):
        with raw.shake_hands(url) as link:
            try:
                link.sendall(raw.head(url, 2 << 20) + b"\x80\0\0\1" + b"x" * (2 << 20))
            except ConnectionError:
                pass
            raw.wait_until_dropped(link)


@pytest.mark.parametrize("frame", [b"", b"\x80", b"\x80\0\0", b"\0\0\0\1", b"\0\0\0\1" * 40, b"\0" * 1000], ids=len)
def test_a_message_without_a_request_number_harms_nobody(daemon, frame):
    for url in witness.urls(daemon):
        with Client(url) as other, raw.shake_hands(url) as link:
            link.sendall(raw.head(url, len(frame)) + frame)
            assert other.call("GetProgress", job_id="job-1").progress_info.progress == 37


@pytest.mark.parametrize(
    "words", [b"", b"\0SP", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\0SP\1\0\x30\0\0", b"\0SP\0\0\x20\0\0", b"\xff" * 8]
)
def test_a_peer_that_speaks_something_else_harms_nobody(daemon, words):
    for url in witness.urls(daemon) + [daemon.events_url]:
        with rpc.connect(url) as link:
            link.sendall(words)
    with rpc.connect(daemon.url) as link:
        link.sendall(words)
        witness.check_served(daemon)


def test_200_peers_that_leave_in_the_handshake_on_ipc(daemon):
    for number in range(200):
        for url in (daemon.url, daemon.events_url):
            with rpc.connect(url) as link:
                if number % 2:
                    link.sendall(rpc.HANDSHAKE[: number % 8])
    witness.check_served(daemon)
    raw.shake_hands(daemon.events_url, 0x21).close()


def test_200_peers_that_leave_in_the_handshake_on_tcp(start_daemon):
    daemon = start_daemon("--pub", "tcp://127.0.0.1:0")
    urls = [daemon.tcp_url("rpc"), daemon.tcp_url("pub")]
    for number in range(200):
        for url in urls:
            link = rpc.connect(url)
            if number % 2:
                link.sendall(rpc.HANDSHAKE[: number % 8])
            raw.close_with_reset(link)
    with Client(urls[0]) as client:
        assert client.call("ListJobs").next_page_token == ""
    raw.shake_hands(urls[1], 0x21).close()


class Flood:
    """Sends the same request again and again, as fast as it is taken, and reads nothing."""

    def __init__(self, url):
        self.link = raw.shake_hands(url)
        self.link.setblocking(False)
        frame = b"\x80\0\0\1" + raw.call_bytes("GetAllStages", b"")
        self.stream = (raw.head(url, len(frame)) + frame) * 1000
        self.sent = 0

    def go_on(self):
        try:
            self.sent = (self.sent + self.link.send(self.stream[self.sent :])) % len(self.stream)
        except OSError:
            pass  # full, or dropped


@pytest.mark.parametrize("door", ["ipc", "tcp"])
def test_a_client_that_never_reads_is_dropped_while_another_is_served(daemon, door):
    flood = Flood(daemon.url if door == "ipc" else daemon.tcp_url())
    served = 0

    def is_dropped_at_last():
        nonlocal served
        flood.go_on()
        assert other.call("GetProgress", job_id="job-1").progress_info.progress == 37
        served += 1
        return raw.is_dropped(flood.link)

    with flood.link, daemon.client() as other:
        wait.until(is_dropped_at_last, "the client that never reads is dropped")
        assert served > 20
