"""HTTP by the standard library, and by hand where that is too polite."""

import errno
import http.client
import json
import socket
import struct
import urllib.parse

SERVICE = "/progress.v1.ProgressTrackerService/"


class Answer:
    """Status, fields (names in lower case) and body."""

    def __init__(self, response, body):
        self.status, self.body = response.status, body
        self.fields = {name.lower(): value for name, value in response.getheaders()}

    def json(self):
        return json.loads(self.body)

    def error(self):
        """(HTTP status, code) of an answer that is an error."""
        assert self.fields["content-type"] == "application/json", self.body
        assert self.json()["message"]
        return self.status, self.json()["code"]


def place(url):
    """(host, port) of an http URL."""
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port


class Web:
    """Asks a daemon over HTTP; one connection for each question."""

    def __init__(self, daemon, context=None):
        self.host, self.port = place(daemon.http_url())
        self.context = context

    def open(self, seconds=30):
        if self.context:
            return http.client.HTTPSConnection(self.host, self.port, timeout=seconds, context=self.context)
        return http.client.HTTPConnection(self.host, self.port, timeout=seconds)

    def ask(self, method, path, body=None, **fields):
        """Names of fields have _ for -."""
        connection = self.open()
        try:
            headers = {name.replace("_", "-"): value for name, value in fields.items()}
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **fields):
        return self.ask("GET", path, **fields)

    def call(self, method, message, **fields):
        """A Connect call with JSON."""
        return self.ask("POST", SERVICE + method, json.dumps(message), Content_Type="application/json", **fields)

    def update(self, job_id, stage, **fields):
        """An update that must be taken; the job's state."""
        answer = self.call("UpdateProgress", {"jobId": job_id, "stage": "PIPELINE_STAGE_" + stage.upper(), **fields})
        assert answer.status == 200, answer.body
        return answer.json()["progressInfo"]

    def metrics(self):
        """Values by name with labels."""
        lines = self.get("/metrics").body.decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}

    def raw(self, data, seconds=20):
        """All that the daemon answers to these bytes until it closes, or b"" after nothing."""
        with socket.create_connection((self.host, self.port), seconds) as link:
            send_all(link, data)
            return read_all(link)

    def events(self, path="/api/events", **fields):
        return Events(self, path, fields)


def send_all(link, *pieces):
    """Sends the pieces, each by itself, and that no more will come, to a peer that may have closed already."""
    try:
        for piece in pieces:
            link.sendall(piece)
        link.shutdown(socket.SHUT_WR)
    except ConnectionError:
        pass
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise


def read_all(link):
    data = b""
    try:
        while part := link.recv(65536):
            data += part
    except ConnectionResetError:
        pass
    return data


class Event:
    def __init__(self, name, data, last_id):
        self.name, self.data, self.id = name, data, last_id

    def job(self):
        return json.loads(self.data)


class Events:
    """A stream of server-sent events, read as a browser does."""

    def __init__(self, web, path, fields):
        self.connection = web.open()
        self.connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in fields.items()})
        self.response = self.connection.getresponse()
        self.last_id = ""
        self.comments = []
        self.retry = None

    def block(self):
        """The next block of lines, as a dictionary; None at the end of the stream."""
        block = {"event": "", "data": ""}
        while True:
            line = self.response.readline().decode()
            if not line:
                return None
            line = line.rstrip("\n")
            if not line:
                return block
            if line.startswith(":"):
                self.comments.append(line)
                block["comment"] = line
                continue
            name, _, value = line.partition(": ")
            block[name] = value

    def next(self):
        """The next event that a browser would dispatch; None at the end of the stream."""
        while (block := self.block()) is not None:
            self.last_id = block.get("id", self.last_id)
            self.retry = block.get("retry", self.retry)
            if block["data"]:
                return Event(block["event"] or "message", block["data"], self.last_id)
        return None

    def take(self, count):
        return [self.next() for _ in range(count)]

    def close(self):
        self.response.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def envelope(data, flags=0):
    return struct.pack(">BI", flags, len(data)) + data


class Messages:
    """A stream of the Connect protocol: (flags, bytes) one by one."""

    def __init__(self, web, method, body, content_type="application/connect+json", **fields):
        self.connection = web.open()
        headers = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in fields.items()}}
        self.connection.request("POST", SERVICE + method, body=body, headers=headers)
        self.response = self.connection.getresponse()

    def next(self):
        head = self.response.read(5)
        if not head:
            return None
        flags, length = struct.unpack(">BI", head)
        return flags, self.response.read(length)

    def next_json(self):
        flags, data = self.next()
        return flags, json.loads(data)

    def close(self):
        self.response.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
