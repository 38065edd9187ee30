"""A service that answers what a test tells it to, on a REP socket."""

import tempfile
import threading

import pynng

from progressd import __version__
from progressd.gen.progress.rpc.v1 import rpc_pb2
from progressd.gen.progress.v1 import progress_service_pb2


class FakeService:
    """`answer` makes a Reply, or bytes, or None (no answer), of a Call; `calls` are those that came."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="progressd-fake-")
        self.url = f"ipc://{self.folder.name}/rpc.sock"
        self.version = __version__
        self.calls = []
        self.answer = lambda call: rpc_pb2.Reply()
        self.socket = pynng.Rep0(recv_max_size=0, listen=self.url)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                call = rpc_pb2.Call.FromString(self.socket.recv())
            except pynng.Closed:
                return
            answer = self._answer_to(call)
            if answer is not None:
                self.socket.send(answer if isinstance(answer, bytes) else answer.SerializeToString())

    def _answer_to(self, call):
        if call.method.endswith("/GetServerInfo"):
            info = progress_service_pb2.GetServerInfoResponse(name="progressd", version=self.version)
            return rpc_pb2.Reply(response=info.SerializeToString())
        self.calls.append(call)
        return self.answer(call)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.thread.join()
        self.folder.cleanup()
