"""What all parts of the bench need: servers of one run, and the median of pairs that were measured side by side."""

import os
import pathlib
import signal
import subprocess
import time


class Server:
    """A program that listens; stopped by its process id."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, text=True)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmRSS:")[1].split()[0])


def wait_for(path):
    deadline = time.monotonic() + 10
    while not os.path.exists(path):
        assert time.monotonic() < deadline, path
        time.sleep(0.005)


def middle(triples):
    """The triple with the median ratio."""
    return sorted(triples, key=lambda triple: triple[2])[len(triples) // 2]
