"""Malformed, ambiguous and endless requests: at most one answer to each, then the connection is closed; never a crash."""

import re
import socket
import time

import pytest

from support import wait
from support.web import SERVICE, Web, read_all, send_all

HOST = b"Host: localhost\r\n"
NEXT = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"  # what an attacker hides behind the first request
POST = b"POST " + SERVICE.encode() + b"GetServerInfo HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"


def get(line=b"GET /api/stages HTTP/1.1", fields=b"", host=HOST):
    return line + b"\r\n" + host + fields + b"\r\n"


# name: bytes that are not one well-formed request; each is sent with NEXT behind it, and only refusals may come back
BAD = {
    # line ends
    "bare LF everywhere": b"GET / HTTP/1.1\nHost: localhost\n\n",
    "bare LF after the first line": b"GET / HTTP/1.1\n" + HOST + b"\r\n",
    "bare LF after a field": b"GET / HTTP/1.1\r\nHost: localhost\n\r\n",
    "bare LF as the empty line": b"GET / HTTP/1.1\r\n" + HOST + b"\n",
    "bare CR in a field": get(fields=b"A: b\rc\r\n"),
    "bare CR as a line end": get(fields=b"A: b\rTransfer-Encoding: chunked\r\n"),
    "CR CR LF": get(fields=b"A: b\r\r\n"),
    "LF CR": get(fields=b"A: b\n\r\n"),
    "NUL in a value": get(fields=b"A: b\0c\r\n"),
    "NUL in a name": get(fields=b"A\0: b\r\n"),
    "NUL in the path": get(b"GET /\0 HTTP/1.1"),
    "NUL alone": b"\0\r\n\r\n",
    "vertical tab": get(fields=b"A:\x0bb\r\n"),
    "delete": get(fields=b"A: \x7f\r\n"),
    "escape in a value": get(fields=b"A: \x1b[2J\r\n"),
    # the first line
    "no path": get(b"GET HTTP/1.1"),
    "no version": get(b"GET /"),
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2.0": get(b"GET / HTTP/2.0"),
    "HTTP/1.2": get(b"GET / HTTP/1.2"),
    "HTTP/11": get(b"GET / HTTP/11"),
    "http in lower case": get(b"GET / http/1.1"),
    "HTTP/1.1 with a tail": get(b"GET / HTTP/1.1x"),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two spaces": get(b"GET  / HTTP/1.1"),
    "a space at the end": get(b"GET / HTTP/1.1 "),
    "a tab between": get(b"GET\t/\tHTTP/1.1"),
    "a space in the path": get(b"GET /a b HTTP/1.1"),
    "a space at the start": b" " + get(),
    "method in lower case": get(b"get / HTTP/1.1"),
    "no method": get(b"/ HTTP/1.1"),
    "a method with a bad letter": get(b"G@T / HTTP/1.1"),
    "a long method": get(b"A" * 100 + b" / HTTP/1.1"),
    "absolute form": get(b"GET http://localhost/api/stages HTTP/1.1"),
    "absolute form to elsewhere": get(b"GET http://evil.example/ HTTP/1.1"),
    "authority form": get(b"CONNECT localhost:80 HTTP/1.1"),
    "asterisk form": get(b"OPTIONS * HTTP/1.1"),
    "a path without a slash": get(b"GET api/stages HTTP/1.1"),
    "a fragment": get(b"GET /#a HTTP/1.1"),
    "bytes above ASCII in the path": get(b"GET /\xc3\xbc HTTP/1.1"),
    "a control in the path": get(b"GET /\x01 HTTP/1.1"),
    "a path of 9 KiB": get(b"GET /" + b"a" * 9000 + b" HTTP/1.1"),
    "our own word for refusals": b"refused /1 HTTP/1.1\r\n" + HOST + b"\r\n",
    "TLS on a plain port": bytes.fromhex("160301020001000100") + b"\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "an SP handshake": b"\0SP\0\0\x30\0\0",
    "six empty lines before": b"\r\n" * 6 + get(),
    # fields
    "no colon": get(fields=b"A b\r\n"),
    "no name": get(fields=b": b\r\n"),
    "a space before the colon": get(fields=b"A : b\r\n"),
    "a tab before the colon": get(fields=b"A\t: b\r\n"),
    "a space before the name": get(fields=b" A: b\r\n"),
    "a folded value": get(fields=b"A: b\r\n c\r\n"),
    "a folded value with a tab": get(fields=b"A: b\r\n\tc\r\n"),
    "a folded length": get(fields=b"Content-Length:\r\n 5\r\n"),
    "a folded first field": b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
    "a name in quotes": get(fields=b'"A": b\r\n'),
    "a name with a slash": get(fields=b"A/B: c\r\n"),
    "a name above ASCII": get(fields=b"\xc3\xbc: c\r\n"),
    "65 fields": get(fields=b"".join(b"A%d: b\r\n" % number for number in range(64))),
    "1,000 fields": get(fields=b"".join(b"A%d: b\r\n" % number for number in range(1000))),
    "a value of 17 KiB": get(fields=b"A: " + b"b" * 17408 + b"\r\n"),
    "a name of 17 KiB": get(fields=b"A" * 17408 + b": b\r\n"),
    "a head of 100 KiB that never ends": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 17000,
    "a first line of 100 KiB that never ends": b"GET /" + b"a" * 100000,
    "two requests in one head": get(fields=b"A: b\r\nGET /healthz HTTP/1.1\r\n"),
    # Host
    "no host": get(host=b""),
    "no host in HTTP/1.0": get(b"GET / HTTP/1.0", host=b""),
    "two hosts": get(fields=HOST),
    "two different hosts": get(fields=b"Host: evil.example\r\n"),
    # the length of the body
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "two different lengths": POST + b"Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}",
    "two lengths, one in lower case": POST + b"Content-Length: 2\r\ncontent-length: 0\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "a length in hexadecimal": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "a length with a space inside": POST + b"Content-Length: 2 0\r\n\r\n{}",
    "a length with a point": POST + b"Content-Length: 2.0\r\n\r\n{}",
    "an empty length": POST + b"Content-Length:\r\n\r\n{}",
    "a length that is no number": POST + b"Content-Length: two\r\n\r\n{}",
    "a length beyond 64 bits": POST + b"Content-Length: 18446744073709551618\r\n\r\n{}",
    "a length of 100 digits": POST + b"Content-Length: " + b"0" * 99 + b"2\r\n\r\n{}",
    "length and coding": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two codings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and identity": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "identity": POST + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    "gzip and chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice in one": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked in quotes": POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "chunked with a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunked with a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunked behind a CR": POST + b"Content-Length: 5\r\nA: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown expectation": POST + b"Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}",
    "a body that is too large": POST + b"Content-Length: 1048577\r\n\r\n{}",
    "a body where none belongs": get(fields=b"Content-Length: 60\r\n"),
    "a chunked body where none belongs": get(fields=b"Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n",
}

CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
BAD.update({f"chunks: {name}": CHUNKED + chunks for name, chunks in {
    "bare LF after the size": b"2\n{}\r\n0\r\n\r\n",
    "bare LF after the bytes": b"2\r\n{}\n0\r\n\r\n",
    "bare LF at the end": b"2\r\n{}\r\n0\n\n",
    "bare CR after the size": b"2\r{}\r\n0\r\n\r\n",
    "too few bytes": b"3\r\n{}\r\n0\r\n\r\n",
    "too many bytes": b"1\r\n{}\r\n0\r\n\r\n",
    "no size": b"\r\n{}\r\n0\r\n\r\n",
    "a negative size": b"-2\r\n{}\r\n0\r\n\r\n",
    "a signed size": b"+2\r\n{}\r\n0\r\n\r\n",
    "a size with 0x": b"0x2\r\n{}\r\n0\r\n\r\n",
    "a size with a space before": b" 2\r\n{}\r\n0\r\n\r\n",
    "a size with a space behind": b"2 \r\n{}\r\n0\r\n\r\n",
    "a size of 17 digits": b"00000000000000002\r\n{}\r\n0\r\n\r\n",
    "a size beyond 64 bits": b"ffffffffffffffff2\r\n{}\r\n0\r\n\r\n",
    "a size that is no number": b"two\r\n{}\r\n0\r\n\r\n",
    "an extension": b"2;a=b\r\n{}\r\n0\r\n\r\n",
    "an extension with a line end": b"2;a=\"\n\"\r\n{}\r\n0\r\n\r\n",
    "a trailer": b"2\r\n{}\r\n0\r\nA: b\r\n\r\n",
    "a trailer with a length": b"2\r\n{}\r\n0\r\nContent-Length: 60\r\n\r\n",
    "a NUL in the size": b"2\0\r\n{}\r\n0\r\n\r\n",
}.items()})


def answers(data):
    """The status of each answer in the bytes."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d\d\d) [^\r\n]*\r\n", data)]


def test_there_are_enough_of_them():
    assert len(BAD) >= 100


@pytest.fixture(scope="module")
def steady():
    """One daemon for all: whatever comes, it stays."""
    from support.daemon import Daemon  # the fixture outlives a test, so it cannot use start_daemon

    daemon = Daemon("--access-log", "off", store="memory:")
    yield daemon
    assert daemon.stop() == 0


@pytest.fixture
def door(steady):
    yield Web(steady)
    assert steady.process.poll() is None
    assert Web(steady).get("/healthz").status == 200


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_gets_one_refusal_and_hides_no_other(door, name):
    found = answers(door.raw(BAD[name] + NEXT))
    assert len(found) <= 1, found
    assert all(400 <= status < 600 for status in found), found


@pytest.mark.parametrize("name", ["bare LF after a field", "two lengths", "length and coding", "coding and length", "no host",
                                  "two hosts", "a space before the colon", "a folded value", "chunked behind a CR"])
def test_an_ambiguous_request_is_400(door, name):
    data = door.raw(BAD[name] + NEXT)
    assert answers(data) == [400]
    assert b"Connection: close" in data and b'{"code":"invalid_argument","message":"' in data


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_byte_by_byte_is_no_better(door, name):
    data = BAD[name] + NEXT
    with socket.create_connection((door.host, door.port), 20) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        send_all(link, *(data[place:place + 1] for place in range(0, min(len(data), 300))), data[300:])
        found = answers(read_all(link))
    assert len(found) <= 1 and all(400 <= status < 600 for status in found), found


@pytest.mark.parametrize("name", BAD)
def test_a_good_request_before_a_bad_one_is_answered_first(door, name):
    found = answers(door.raw(NEXT + BAD[name] + NEXT))
    assert found[:1] in ([200], [400]) and len(found) <= 2, found
    assert found.count(200) <= 1


def test_good_requests_one_behind_the_other_are_answered_in_order(door):
    requests = b"".join(get(b"GET /api/status/%d HTTP/1.1" % number) for number in range(50)) + get() + \
        get(fields=b"Connection: close\r\n")
    data = door.raw(requests)
    assert answers(data) == [404] * 50 + [200] * 2
    assert re.findall(rb"no job (\d+)", data) == [b"%d" % number for number in range(50)]


def test_a_good_request_may_be_cut_anywhere(door):
    body = b'{"jobId":"cut","stage":"PIPELINE_STAGE_QUEUED"}'
    request = b"POST " + SERVICE.encode() + b"UpdateProgress HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n" + \
        b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
    for place in range(1, len(request), 7):
        with socket.create_connection((door.host, door.port), 20) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.sendall(request[:place])
            link.sendall(request[place:])
            assert answers(read_all(link)) == [200]


def test_the_largest_head_and_the_largest_body_are_taken(door):
    fields = b"".join(b"A%d: %s\r\n" % (number, b"b" * 250) for number in range(60))
    assert 15000 < len(get(fields=fields)) < 16384
    assert answers(door.raw(get(fields=fields + b"Connection: close\r\n"))) == [200]
    body = b'{"jobId":"' + b"a" * (1024 * 1024 - 12) + b'"}'
    answer = door.ask("POST", SERVICE + "GetProgress", body, Content_Type="application/json")
    assert answer.error() == (400, "invalid_argument")


def test_a_chunked_body_that_grows_too_large_is_cut_off(door):
    with socket.create_connection((door.host, door.port), 20) as link:
        link.sendall(CHUNKED)
        try:
            for _ in range(40):
                link.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
        except ConnectionError:
            pass
        found = answers(read_all(link))
    assert found in ([], [413]), "the answer may be lost when the connection is reset"


def test_100_continue_is_said_before_the_body(door):
    with socket.create_connection((door.host, door.port), 20) as link:
        link.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
        assert answers(link.recv(65536)) == [100]
        link.sendall(b"{}")
        assert answers(read_all(link)) == [200]


def test_a_head_by_drops_is_cut_off_and_counts_from_its_beginning(door):
    """The 10 seconds are those of the head, however often another byte comes."""
    started = time.monotonic()
    with socket.create_connection((door.host, door.port), 30) as link:
        link.sendall(b"GET / HTTP/1.1\r\n" + HOST)
        link.settimeout(0.5)
        while True:
            try:
                link.sendall(b"A: b\r\n")
                if not link.recv(1024):
                    break
            except TimeoutError:
                assert time.monotonic() - started < 25
            except ConnectionError:
                break
    assert door.get("/healthz").status == 200


def test_a_body_by_drops_is_cut_off(door):
    started = time.monotonic()
    with socket.create_connection((door.host, door.port), 30) as link:
        link.sendall(POST + b"Content-Length: 1000\r\n\r\n")
        link.settimeout(0.5)
        data = b""
        while True:
            try:
                link.sendall(b" ")
                part = link.recv(1024)
                data += part
                if not part:
                    break
            except TimeoutError:
                assert time.monotonic() - started < 40
            except ConnectionError:
                break
    assert answers(data) in ([408], [])


def test_connections_beyond_the_limit_wait_and_are_served_later(start_daemon):
    web = Web(start_daemon("--http-connections-max", "20"))
    idle = [socket.create_connection((web.host, web.port), 20) for _ in range(20)]
    for link in idle:
        link.sendall(get())
        assert answers(link.recv(65536)) == [200]
    beyond = socket.create_connection((web.host, web.port), 20)
    beyond.sendall(NEXT)
    idle[0].close()
    assert answers(beyond.recv(65536)) == [200]
    for link in [*idle[1:], beyond]:
        link.close()
    wait.until(lambda: web.metrics()["progressd_http_connections"] <= 2, "they are closed")
