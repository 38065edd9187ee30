"""Replays vectors through a testee and compares what comes back; README.md tells the formats."""

import json
import math
import pathlib
import queue
import subprocess
import threading

import grpc
from google.protobuf import json_format

from support.messages import service

FOLDER = pathlib.Path(__file__).resolve().parent / "vectors"
ANSWER_S = 30


def load():
    """All vectors, each with a name for tests and a short one for its jobs."""
    vectors = []
    for path in sorted(FOLDER.glob("*.json")):
        for number, vector in enumerate(json.loads(path.read_text(encoding="utf-8")), start=1):
            vectors.append({**vector, "id": f"{path.stem}-{number:02} {vector['name']}", "job": f"{path.stem}-{number}"})
    return vectors


class Testee:
    """The program of one language, its calls under way, and their answers."""

    def __init__(self, command, url, env=None):
        self.process = subprocess.Popen([*command, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=env, bufsize=1)
        self.answers, self.number = {}, 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            number, rest = line.rstrip("\n").split(" ", 1)
            self.answers[int(number)].put(rest.split(" "))
        for answers in list(self.answers.values()):
            answers.put(["gone"])

    def tell(self, line):
        self.process.stdin.write(line + "\n")

    def begin(self, kind, method, request, timeout_ms=None):
        """Makes a call or begins a stream; its number."""
        self.number += 1
        self.answers[self.number] = queue.Queue()
        words = [kind, str(self.number), method] + ([str(timeout_ms)] if kind == "call" else [])
        self.tell(" ".join([*words, request.SerializeToString().hex() or "-"]))
        return self.number

    def answer(self, number):
        """The words of its next answer."""
        try:
            words = self.answers[number].get(timeout=ANSWER_S)
        except queue.Empty:
            raise AssertionError(f"the testee gave no answer within {ANSWER_S} s") from None
        assert words[0] in ("ok", "error"), f"the testee has ended: {words}"
        return ["" if word == "-" else word for word in words]

    def close(self):
        """Exit status."""
        self.process.stdin.close()
        try:
            return self.process.wait(timeout=ANSWER_S)
        finally:
            self.process.kill()
            self.process.wait()
            self.reader.join()
            self.process.stdout.close()


class Replay:
    """One vector under way."""

    def __init__(self, vector, testee, daemon, suffix):
        self.steps, self.testee, self.daemon = vector["steps"], testee, daemon
        self.job = f"{vector['job']}-{suffix}"
        self.kept, self.begun, self.events = {}, {}, {}

    def run(self):
        for place, step in enumerate(self.steps, start=1):
            try:
                self.do(step)
            except AssertionError as complaint:
                raise AssertionError(f"step {place}: {complaint}\n{json.dumps(step, ensure_ascii=False)}") from None

    def do(self, step):
        kind = next(key for key in ("call", "watch", "await", "events", "until", "pending", "cancel", "daemon") if key in step)
        getattr(self, "do_" + kind)(step)

    # ---- steps

    def do_call(self, step):
        number = self.testee.begin("call", step["call"], self.request(step["call"], step), step.get("timeout_ms", 0))
        if "as" in step:
            self.begun[step["as"]] = number, step["call"]
        else:
            self.expect(number, step["call"], step)

    def do_watch(self, step):
        number = self.testee.begin("watch", step["watch"], self.request(step["watch"], step))
        self.begun[step["as"]] = number, step["watch"]
        self.events[step["as"]] = []

    def do_await(self, step):
        self.expect(*self.begun[step["await"]], step)

    def do_pending(self, step):
        number, _ = self.begun[step["pending"]]
        assert self.testee.answers[number].empty(), "an answer has come already"

    def do_cancel(self, step):
        self.testee.tell(f"cancel {self.begun[step['cancel']][0]}")

    def do_daemon(self, step):
        getattr(self.daemon, step["daemon"])()

    def do_events(self, step):
        told = self.events[step["events"]]
        while len(told) < len(step["are"]):
            told += self.more_events(step["events"])
        taken, told[:] = told[: len(step["are"])], told[len(step["are"]) :]
        self.match(step["are"], taken, "events")

    def do_until(self, step):
        told, complaint = self.events[step["until"]], "no event"
        while True:
            told += self.more_events(step["until"])
            while told:
                try:
                    return self.match(step["event"], told.pop(0), "event")
                except AssertionError as mismatch:
                    complaint = mismatch
            assert len(self.events) < 1000, complaint

    def more_events(self, name):
        number, method = self.begun[name]
        words = self.testee.answer(number)
        assert words[0] == "ok", f"the stream ended: {explain(words)}"
        return self.response(method, words)["events"]

    # ---- requests and answers

    def request(self, method, step):
        message = getattr(service, method + "Request")()
        return json_format.ParseDict(self.fill(step["request"]), message)

    def fill(self, value):
        if isinstance(value, dict):
            return {self.fill(key): self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        return self.fill_text(value) if isinstance(value, str) else value

    def fill_text(self, text):
        if text.startswith("$same:"):
            return self.kept[text[6:]]
        if text.startswith("$text:"):
            return "a" * int(text[6:])
        return text.replace("$job", self.job)

    def response(self, method, words):
        message = getattr(service, method + "Response").FromString(bytes.fromhex(words[2]))
        return json_format.MessageToDict(message, including_default_value_fields=True, preserving_proto_field_name=True)

    def expect(self, number, method, step):
        words = self.testee.answer(number)
        if "error" in step:
            assert words[0] == "error", f"no error but {words}"
            error = {"code": words[1], "reason": words[2], "details": bytes.fromhex(words[3]).decode()}
            return self.match_error(step["error"], error)
        assert words[0] == "ok", explain(words)
        if "durability" in step and words[1]:
            assert words[1] == step["durability"], f"durability is {words[1]}"
        return self.match(step["response"], self.response(method, words), "response")

    def match_error(self, pattern, error):
        for key, expected in pattern.items():
            for each in expected if isinstance(expected, list) else [expected]:
                self.match(each, error[key], f"{key} of {error}")

    # ---- matching

    def match(self, pattern, value, where):
        if isinstance(pattern, str) and pattern.startswith("$") and not pattern.startswith("$job"):
            self.match_word(pattern, value, where)
        elif isinstance(pattern, dict) and "$each" in pattern:
            assert value, f"{where}: is empty"
            for place, item in enumerate(value):
                self.match(pattern["$each"], item, f"{where}[{place}]")
        elif isinstance(pattern, dict):
            assert isinstance(value, dict), f"{where}: is {value!r}"
            for key, expected in pattern.items():
                self.match(expected, value.get(key), f"{where}.{key}")
        elif isinstance(pattern, list):
            assert isinstance(value, list) and len(value) == len(pattern), f"{where}: is {value!r}"
            for place, expected in enumerate(pattern):
                self.match(expected, value[place], f"{where}[{place}]")
        else:
            assert is_same(self.fill(pattern), value), f"{where}: is {value!r}, not {pattern!r}"

    def match_word(self, pattern, value, where):
        word, _, rest = pattern[1:].partition(":")
        if word == "keep":
            self.kept[rest] = value
        checks = {
            "any": lambda: True,
            "set": lambda: not is_empty(value),
            "keep": lambda: not is_empty(value),
            "absent": lambda: value is None,
            "contains": lambda: self.fill_text(rest) in value,
            "same": lambda: still(value) == still(self.kept[rest]),
            "text": lambda: value == self.fill_text(pattern),
            "code": lambda: value == grpc.StatusCode[rest].value[0],
        }
        assert checks[word](), f"{where}: is {value!r}, not {pattern}"


MOVING = ("time_fraction", "eta", "flag", "curve", "has_history")  # of ProgressInfo: they go on with the time


def still(value):
    """The value without what moves by itself."""
    if isinstance(value, dict):
        return {key: still(item) for key, item in value.items() if key not in MOVING}
    return [still(item) for item in value] if isinstance(value, list) else value


def is_empty(value):
    return value in (None, "", 0, "0", False, [], {}) or isinstance(value, str) and value.endswith("_UNSPECIFIED")


def is_same(expected, value):
    """JSON of protobuf has 64-bit integers as texts."""
    if isinstance(expected, bool) or isinstance(value, bool):
        return expected is value
    if isinstance(expected, int) and isinstance(value, str):
        return value == str(expected)
    if isinstance(expected, float) or isinstance(value, float):
        return isinstance(value, (int, float)) and math.isclose(expected, value, abs_tol=1e-9)
    return expected == value


def explain(words):
    return f"{words[1]} {words[2]}: {bytes.fromhex(words[3]).decode()}" if words[0] == "error" else " ".join(words)
