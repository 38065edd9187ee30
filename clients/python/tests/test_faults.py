"""Lost requests, lost and repeated answers, duplicated requests, killed daemons: the effects are those of the updates."""

import contextlib
import os
import random
import socket
import struct
import threading

from support.rpc import connect

from progressd import PipelineStage, ProgressTracker

SEED = int(os.environ.get("TEST_SEED") or random.randrange(2**32))
FAULTS = 1000
KILL_EVERY = 250
JOBS = 3


class Proxy:
    """Passes messages of the SP protocol between a client and a daemon, and does harm to one in three of them."""

    def __init__(self, target, folder, chance):
        self.target, self.chance, self.faults = target, chance, 0
        self.url = f"ipc://{folder}/proxy.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.url[6:])
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            daemon = connect(self.target, 0.5)
        except (OSError, AssertionError):
            client.close()
            return
        daemon.settimeout(None)
        other = threading.Thread(target=self._pass, args=(daemon, client, False), daemon=True)
        other.start()
        self._pass(client, daemon, True)
        other.join()
        client.close()
        daemon.close()

    def _pass(self, source, sink, is_request):
        try:
            sink.sendall(read(source, 8))
            while True:
                head = read(source, 9)
                message = head + read(source, struct.unpack(">Q", head[1:])[0])
                if not self._harm(message, sink, is_request):
                    break
        except (OSError, EOFError):
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _harm(self, message, sink, is_request):
        """False: the connection is cut here."""
        fault = self.chance.choice(["none", "none", "none", "none", "lost", "late cut", "twice"])
        self.faults += fault != "none"
        if fault == "lost":
            return False
        sink.sendall(message)
        if fault == "twice":
            sink.sendall(message)
        return fault != "late cut"

    def close(self):
        self.listener.close()


def read(link, length):
    data = b""
    while len(data) < length:
        part = link.recv(length - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def test_effects_equal_the_distinct_updates(daemon):
    print(f"TEST_SEED={SEED}")
    proxy = Proxy(daemon.url, daemon.folder, random.Random(SEED))
    updates = 0
    with ProgressTracker(proxy.url, timeout=60) as tracker:
        while proxy.faults < FAULTS:
            job = f"job-{updates % JOBS}"
            info = tracker.update_progress(job, PipelineStage.DOWNLOADING, f"update {updates}")
            assert info.message == f"update {updates}"
            updates += 1
            if updates % KILL_EVERY == 0:
                daemon.kill()
                daemon.start()
    proxy.close()
    with ProgressTracker(daemon.url) as tracker:
        revisions = [tracker.get_progress(f"job-{number}").revision for number in range(JOBS)]
    assert sum(revisions) == updates
