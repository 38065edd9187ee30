"""A subscriber to the daemon's events, by the SP library of the field."""

import itertools

import pynng

from . import messages, wait

_probes = itertools.count(1)


class Listener:
    """Subscribed to the given jobs, or to all. What was published after the constructor returned arrives."""

    def __init__(self, daemon, *job_ids):
        self.socket = pynng.Sub0(recv_timeout=20000, recv_max_size=0)
        self.socket.recv_buffer_size = 8192
        topics = [f"progress/{job_id}\0" for job_id in job_ids] or ["progress/"]
        for topic in topics:
            self.socket.subscribe(topic.encode())
        self.socket.dial(daemon.events_url, block=True)
        self._wait_until_heard(daemon)

    def _wait_until_heard(self, daemon):
        """A subscriber hears only what is published after its connection is known on the other side."""
        name = f"probe-{next(_probes)}"
        topic = f"progress/{name}\0"
        self.socket.subscribe(topic.encode())
        number = itertools.count(1)
        with daemon.client() as client:

            def probe():
                text = str(next(number))
                client.call("UpdateProgress", job_id=name, stage=1, message=text)
                return self._poll(50)

            wait.until(probe, "the subscriber hears events")
            client.call("DeleteJob", job_id=name)
        while self.receive().kind != messages.job.EVENT_KIND_DELETED:
            pass
        self.socket.unsubscribe(topic.encode())

    def _poll(self, milliseconds):
        self.socket.recv_timeout = milliseconds
        try:
            return self.receive()
        except pynng.Timeout:
            return None
        finally:
            self.socket.recv_timeout = 20000

    def receive(self):
        """The next event; the topic it came under is its job's."""
        topic, _, body = self.socket.recv().partition(b"\0")
        event = messages.job.ProgressEvent.FromString(body)
        assert topic == f"progress/{event.progress_info.job_id}".encode()
        return event

    def receive_until(self, job_id, kind):
        """All events up to the first of that job and kind, that one included."""
        events = [self.receive()]
        while (events[-1].progress_info.job_id, events[-1].kind) != (job_id, kind):
            events.append(self.receive())
        return events

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
