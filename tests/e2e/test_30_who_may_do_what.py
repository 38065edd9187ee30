"""Tokens: every method on both doors, with every kind of token, on one's own job and on another's."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.parse

import pytest
from google.protobuf import descriptor_pb2
from support import messages, wait
from support.daemon import Daemon
from support.places import TREE, program
from support.rpc import Client, Refused
from support.web import SERVICE, Web

UNAUTHENTICATED, PERMISSION_DENIED = 16, 7
OWN, FOREIGN = "clip-1", "other-1"
METHODS = messages.service.DESCRIPTOR.services_by_name["ProgressTrackerService"].methods
SCOPES = {method.name: messages.scopes.Scope.Name(method.GetOptions().Extensions[messages.scopes.scope]) for method in METHODS}
SCHEMA = descriptor_pb2.FileDescriptorProto.FromString(messages.service.DESCRIPTOR.serialized_pb)
STREAMS = {method.name for method in SCHEMA.service[0].method if method.server_streaming}
DOORS = ["rpc", "connect"]


def prg(*words, code=0, **named):
    done = subprocess.run([program("prg"), *words], capture_output=True, text=True, check=False, **named)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout.strip()


class Tokens:
    """A file of tokens, edited by prg."""

    def __init__(self, folder):
        self.file = str(folder / "tokens")

    def create(self, *words):
        return prg("token", "create", "--file", self.file, *words)

    def revoke(self, name):
        prg("token", "revoke", name, "--file", self.file)


def make_expired(tokens):
    """One that was good for a day, a day and more ago."""
    token = tokens.create("--name", "expired", "--scope", "admin", "--ttl", "1d")
    with open(tokens.file, encoding="utf-8") as stream:
        text = stream.read()
    with open(tokens.file, "w", encoding="utf-8") as stream:
        stream.write(re.sub(r"(token expired .*) \d+\n", r"\1 1000000000\n", text))
    return token


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """(daemon, tokens by name, the file): every kind of token there is."""
    tokens = Tokens(tmp_path_factory.mktemp("tokens"))
    kinds = {scope: tokens.create("--name", scope, "--scope", scope, "--jobs", "clip-*") for scope in ("read", "report", "admin")}
    kinds["worker"] = tokens.create("--name", "worker", "--scope", "read,report", "--jobs", OWN)
    kinds["root"] = tokens.create("--name", "root", "--scope", "admin")
    kinds["expired"] = make_expired(tokens)
    kinds["revoked"] = tokens.create("--name", "revoked", "--scope", "admin")
    tokens.revoke("revoked")
    kinds["none"], kinds["wrong"] = None, "prg_" + "0" * 64
    daemon = Daemon("--tokens", tokens.file)
    with Client(daemon.url, token=kinds["root"]) as root:
        for job in (OWN, FOREIGN):
            root.call("CreateJob", job_id=job)
        kinds["job"] = root.call("CreateJob", job_id="clip-2", read_token_ttl={"seconds": 3600}).read_token
        kinds["own job"] = root.call("CreateJob", job_id="clip-3", read_token_ttl={"seconds": 3600}).read_token
    yield daemon, kinds, tokens
    assert daemon.stop() == 0
    log = daemon.log()
    assert not [name for name, token in kinds.items() if token and token in log], "no token is in the log"
    shutil.rmtree(daemon.folder)


def request_of(method, job):
    """A request that would be carried out, or at least looked into, by whoever may."""
    kind = getattr(messages.service, method + "Request")
    if method in ("GetAllStages", "GetServerInfo", "GetPipelineStats"):
        return kind()
    if method in ("ListJobs", "WatchJobs"):
        timeout = {"timeout": {"nanos": 1000000}} if method == "WatchJobs" else {}
        return kind(filter={"job_id_prefix": job}, **timeout)
    if method == "BatchUpdateProgress":
        return kind(updates=[{"update_progress": {"job_id": job, "stage": "PIPELINE_STAGE_QUEUED"}}])
    fields = {"job_id": job}
    if "stage" in kind.DESCRIPTOR.fields_by_name:
        fields["stage"] = "PIPELINE_STAGE_QUEUED"
    if method == "UpdateProgressByStatus":
        fields["status"] = "queued"
    if "timeout" in kind.DESCRIPTOR.fields_by_name:
        fields["timeout"] = {"nanos": 1000000}
    return kind(**fields)


def has_job(method):
    return method not in ("GetAllStages", "GetServerInfo", "GetPipelineStats")


def expected(method, kind, job):
    """The refusal that the rules ask for, or None."""
    if kind in ("none", "wrong", "expired", "revoked"):
        return UNAUTHENTICATED
    scopes = {"worker": {"read", "report"}, "root": {"read", "report", "admin"}, "job": {"read"}, "own job": {"read"},
              "admin": {"read", "report", "admin"}}.get(kind, {kind})
    if SCOPES[method] == "SCOPE_ANY":
        return None
    if SCOPES[method].removeprefix("SCOPE_").lower() not in scopes:
        return PERMISSION_DENIED
    if method == "GetPipelineStats" and kind in ("worker", "job", "own job"):
        return PERMISSION_DENIED  # it is about all jobs, they are good for one
    if not has_job(method) or kind == "root":
        return None
    if kind in ("job", "own job"):
        return None if job == {"job": "clip-2", "own job": "clip-3"}[kind] and method not in ("ListJobs", "WatchJobs") else PERMISSION_DENIED
    if kind == "worker":
        return None if job == OWN and method not in ("ListJobs", "WatchJobs") else PERMISSION_DENIED
    return None if job.startswith("clip-") else PERMISSION_DENIED


def refusal_over_rpc(daemon, token, method, request):
    with Client(daemon.url, token=token) as client:
        client.send(method, request)
        code = client.receive()[1].code
    return code if code in (UNAUTHENTICATED, PERMISSION_DENIED) else None


def refusal_over_connect(daemon, token, method, request):
    streams = method in STREAMS
    body = request.SerializeToString()
    if streams:
        body = b"\0" + len(body).to_bytes(4, "big") + body
    kind = "application/connect+proto" if streams else "application/proto"
    fields = {"Authorization": f"Bearer {token}"} if token else {}
    web = Web(daemon)
    connection = web.open()
    connection.request("POST", SERVICE + method, body=body, headers={"Content-Type": kind, "Connect-Protocol-Version": "1", **fields})
    response = connection.getresponse()
    if streams and response.status == 200:
        head = response.read(5)
        text = response.read(int.from_bytes(head[1:], "big")) if head[:1] == b"\2" else b"{}"
    else:
        text = response.read() if response.status != 200 else b"{}"
    connection.close()
    code = json.loads(text).get("error", json.loads(text)).get("code") if text[:1] == b"{" else None
    if response.status == 401:
        assert response.getheader("WWW-Authenticate") == "Bearer"
    return {"unauthenticated": UNAUTHENTICATED, "permission_denied": PERMISSION_DENIED}.get(code)


ASK = {"rpc": refusal_over_rpc, "connect": refusal_over_connect}
KINDS = ["none", "wrong", "expired", "revoked", "read", "report", "admin", "worker", "root", "job", "own job"]


@pytest.mark.parametrize("method", sorted(SCOPES))
@pytest.mark.parametrize("door", DOORS)
def test_matrix(guarded, door, method):
    daemon, tokens, _ = guarded
    wrong = []
    for kind in KINDS:
        for job in (OWN, FOREIGN, "clip-2"):
            if method == "DeleteJob" and expected(method, kind, job) is None:
                job = f"{job}.{kind.replace(' ', '-')}"  # one that is not there: the others need theirs
            got = ASK[door](daemon, tokens[kind], method, request_of(method, job))
            if got != expected(method, kind, job):
                wrong.append(f"{kind} on {job}: {got} instead of {expected(method, kind, job)}")
    assert not wrong, "\n".join(wrong)


def test_every_method_has_a_scope():
    assert set(SCOPES.values()) == {"SCOPE_READ", "SCOPE_REPORT", "SCOPE_ADMIN", "SCOPE_ANY"}


def test_a_method_without_a_scope_is_not_generated(tmp_path):
    shutil.copytree(TREE / "proto", tmp_path / "proto")
    schema = tmp_path / "proto/progress/v1/progress_service.proto"
    text = schema.read_text(encoding="utf-8")
    bare = text.replace("returns (HeartbeatResponse) { option (scope) = SCOPE_REPORT; }", "returns (HeartbeatResponse);")
    assert bare != text
    schema.write_text(bare, encoding="utf-8")
    done = subprocess.run([TREE / "script/generate", "--proto", tmp_path / "proto", "--out", tmp_path / "gen", "c"],
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "Heartbeat has no (scope) option" in done.stderr + done.stdout


PAGES = ["/api/stages", f"/api/status/{OWN}", f"/status/{OWN}", "/api/jobs?prefix=clip-", f"/api/jobs/{OWN}/history",
         f"/api/events?job={OWN}", "/metrics"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_need_a_token(guarded, path):
    daemon, tokens, _ = guarded
    web = Web(daemon)

    def status(kind):
        connection = web.open()
        fields = {"Authorization": f"Bearer {tokens[kind]}"} if tokens[kind] else {}
        connection.request("GET", path, headers=fields)
        status = connection.getresponse().status
        connection.close()
        return status

    assert [status(kind) for kind in ("none", "wrong", "expired", "revoked")] == [401] * 4
    assert status("report") == (200 if path == "/api/stages" else 403)
    assert status("root") == 200
    if path not in ("/metrics", "/api/stages"):
        assert status("job") == 403, "it is for another job"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/"])
def test_what_shows_nothing_needs_none(guarded, path):
    assert Web(guarded[0]).get(path).status == 200


@pytest.mark.parametrize("kind", ["report", "read", "worker", "job"])
def test_the_stages_are_for_every_token(guarded, kind):
    daemon, tokens, _ = guarded
    assert Web(daemon).get("/api/stages", Authorization=f"Bearer {tokens[kind]}").status == 200


def test_a_token_sees_only_its_jobs(guarded):
    daemon, tokens, _ = guarded
    with Client(daemon.url, token=tokens["read"]) as reader:
        assert {info.job_id.split("-")[0] for info in reader.call("ListJobs").jobs} == {"clip"}
        events = reader.call("WatchJobs", timeout={"seconds": 5}).events
        assert {event.progress_info.job_id.split("-")[0] for event in events} == {"clip"}
        with pytest.raises(Refused) as refused:
            reader.call("WatchJobs", filter={"job_ids": [OWN, FOREIGN]})
        assert refused.value.code == PERMISSION_DENIED


def test_a_read_token_in_the_address_opens_the_stream_of_its_job(guarded):
    daemon, tokens, _ = guarded
    web = Web(daemon)
    events = web.events(f"/api/events?job=clip-2&access_token={tokens['job']}")
    assert events.next().job()["jobId"] == "clip-2"
    assert web.get(f"/api/status/clip-2?access_token={tokens['job']}").status == 200
    assert web.get(f"/api/status/{OWN}?access_token={tokens['job']}").error() == (403, "permission_denied")
    assert web.get(f"/api/events?access_token={tokens['job']}").error() == (403, "permission_denied")


def test_a_token_in_the_address_may_be_encoded_as_browsers_do(guarded):
    daemon, tokens, _ = guarded
    with Client(daemon.url, token=tokens["root"]) as root:
        token = root.call("CreateJob", job_id="clip:4", read_token_ttl={"seconds": 60}).read_token
    path = "/api/status/clip:4?" + urllib.parse.urlencode({"access_token": token})
    assert "%3A" in path
    web = Web(daemon)
    assert [web.ask(method, path).status for method in ("GET", "HEAD")] == [200, 200]
    assert web.get("/api/status/clip:4?access_token=%zz").status == 401
    address = f"{SERVICE}GetProgress?access_token={token}"
    assert web.ask("POST", address, '{"jobId":"clip:4"}', Content_Type="application/json").status == 401


def test_a_batch_with_a_foreign_job_is_refused_whole(guarded):
    daemon, tokens, _ = guarded
    updates = [{"update_progress": {"job_id": job, "stage": "PIPELINE_STAGE_DOWNLOADING"}} for job in (OWN, FOREIGN)]
    with Client(daemon.url, token=tokens["worker"]) as worker:
        with pytest.raises(Refused) as refused:
            worker.call("BatchUpdateProgress", updates=updates)
        assert refused.value.code == PERMISSION_DENIED and FOREIGN in refused.value.text
        assert worker.call("GetProgress", job_id=OWN).progress_info.status == "queued", "nothing of it was done"


@pytest.fixture
def own_guarded(tmp_path, start_daemon):
    """(daemon, the file of its tokens, an admin's token), for one test."""
    tokens = Tokens(tmp_path)
    root = tokens.create("--name", "root", "--scope", "admin")
    return start_daemon("--tokens", tokens.file), tokens, root


def test_what_stands_ends_within_a_second_of_the_revocation(own_guarded, figure):
    daemon, tokens, root = own_guarded
    reader = tokens.create("--name", "reader")
    with Client(daemon.url, token=root) as client:
        client.call("CreateJob", job_id="job-1")

        def is_known():
            with Client(daemon.url, token=reader) as trial:
                return trial.reply("GetProgress", job_id="job-1")[0].code == 0

        wait.until(is_known, "the new token is good")
        events = Web(daemon).events("/api/events?job=job-1", Authorization=f"Bearer {reader}")
        assert events.next().job()["jobId"] == "job-1"
        with Client(daemon.url, token=reader) as watcher:
            token = watcher.call("WatchProgress", job_id="job-1").resume_token
            request = messages.service.WatchProgressRequest(job_id="job-1", resume_token=token, timeout={"seconds": 60})
            watcher.send("WatchProgress", request)
            tokens.revoke("reader")
            began = time.monotonic()
            assert watcher.receive()[1].code == UNAUTHENTICATED
            ended = time.monotonic() - began
            while (event := events.next()) is not None:
                assert event.name == "error", event.data
            figure(f"a waiting call ends {ended:.2f} s after its token was revoked, a stream {time.monotonic() - began:.2f} s")
            assert watcher.reply("GetProgress", job_id="job-1")[0].code == UNAUTHENTICATED
        assert client.call("GetProgress", job_id="job-1").progress_info.job_id == "job-1", "others notice nothing"


def test_a_broken_file_keeps_the_tokens_of_before(own_guarded):
    daemon, tokens, root = own_guarded
    with open(tokens.file, "a", encoding="utf-8") as stream:
        stream.write("token nonsense\n")
    wait.until(lambda: "event=tokens_not_read" in daemon.log(), "the daemon says so")
    with Client(daemon.url, token=root) as client:
        client.call("GetServerInfo")
    metrics = Web(daemon).get("/metrics", Authorization=f"Bearer {root}").body.decode()
    assert "\nprogressd_tokens_up 0\n" in metrics


def test_a_narrowed_token_ends_what_stands(own_guarded):
    daemon, tokens, root = own_guarded
    with Client(daemon.url, token=root) as client:
        client.call("CreateJob", job_id="job-1")
        client.send("WaitProgress", messages.service.WaitProgressRequest(job_id="job-1", after_revision=1, timeout={"seconds": 60}))
        with open(tokens.file, encoding="utf-8") as stream:
            text = stream.read()
        with open(tokens.file, "w", encoding="utf-8") as stream:
            stream.write(text.replace(" admin * ", " admin other-* "))
        assert client.receive()[1].code == UNAUTHENTICATED
        assert client.reply("GetProgress", job_id="job-1")[0].code == PERMISSION_DENIED


def test_a_file_of_another_user_is_not_used(own_guarded):
    daemon, tokens, root = own_guarded
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(tokens.file, 65534, 65534)
    wait.until(lambda: "another user" in daemon.log(), "the daemon says so")
    with Client(daemon.url, token=root) as client:
        client.call("GetServerInfo")
    tokens.create("--name", "more")
    assert (os.stat(tokens.file).st_uid, os.stat(tokens.file).st_gid) == (65534, 65534), "prg leaves it to its owner"


def test_a_signal_has_the_tokens_read_at_once(own_guarded):
    daemon, _, _ = own_guarded
    daemon.process.send_signal(signal.SIGHUP)
    wait.until(lambda: "event=tokens_read" in daemon.log(), "the file is read although it looks as before")


def test_a_call_waits_no_longer_than_its_token_is_good(own_guarded):
    daemon, tokens, root = own_guarded
    with Client(daemon.url, token=root) as client:
        token = client.call("CreateJob", job_id="job-1", read_token_ttl={"seconds": 1}).read_token
    with Client(daemon.url, token=token) as watcher:
        position = watcher.call("WatchProgress", job_id="job-1").resume_token
        answer = watcher.call("WatchProgress", job_id="job-1", resume_token=position, timeout={"seconds": 60})
        assert not answer.events
        with pytest.raises(Refused) as refused:
            watcher.call("WatchProgress", job_id="job-1", resume_token=answer.resume_token)
        assert refused.value.code == UNAUTHENTICATED


def test_events_are_published_on_the_unix_socket_only(tmp_path):
    tokens = Tokens(tmp_path)
    tokens.create()

    def check(*options):
        return subprocess.run([program("progressd"), "--check-config", "--tokens", tokens.file, *options],
                              capture_output=True, text=True, check=False)

    refused = check("--pub", "tcp://127.0.0.1:0")
    assert refused.returncode == 2 and "--open-pub" in refused.stderr and refused.stderr.count("\n") == 1
    assert check("--pub", "tcp://127.0.0.1:0", "--open-pub", "yes").returncode == 0
    assert check("--pub", f"ipc://{tmp_path}/events").returncode == 0


def test_other_machines_are_served_with_tokens_and_tls_only(tmp_path):
    tokens = Tokens(tmp_path)
    tokens.create()
    both = ["--tls-cert", "c.pem", "--tls-key", "k.pem"]

    def status(*options):
        done = subprocess.run([program("progressd"), "--check-config", "--http", "0.0.0.0:7080", *options],
                              capture_output=True, text=True, check=False)
        return done.returncode

    assert status() == status("--tokens", tokens.file) == status(*both) == 2
    assert status("--tokens", tokens.file, *both) == 0


def test_no_token_where_nobody_is_asked(client):
    with pytest.raises(Refused) as refused:
        client.call("CreateJob", job_id="job-1", read_token_ttl={"seconds": 60})
    assert refused.value.reason == "NO_TOKENS"


def test_prg_token_keeps_only_the_hash(tmp_path):
    tokens = Tokens(tmp_path)
    token = tokens.create("--name", "ci", "--scope", "report,read", "--jobs", "clip-*", "--ttl", "15m")
    text = (tmp_path / "tokens").read_text(encoding="utf-8")
    assert re.fullmatch(r"prg_[0-9a-f]{64}", token) and token not in text
    assert os.stat(tokens.file).st_mode & 0o777 == 0o600
    row = json.loads(prg("token", "list", "--json", "--file", tokens.file))
    assert (row["name"], row["scopes"], row["jobs"]) == ("ci", "report,read", "clip-*")
    assert abs(int(row["expires"]) - time.time() - 900) < 60
    assert "ci" in prg("token", "list", "--file", tokens.file)
    prg("token", "create", "--name", "ci", "--file", tokens.file, code=4)
    prg("token", "create", "--scope", "write", "--file", tokens.file, code=2)
    prg("token", "create", "--jobs", "a*b", "--file", tokens.file, code=2)
    tokens.revoke("ci")
    assert prg("token", "list", "--json", "--file", tokens.file) == ""
    prg("token", "revoke", "ci", "--file", tokens.file, code=3)


def test_prg_token_quotes_nothing_of_a_file_that_it_does_not_understand(tmp_path):
    tokens = Tokens(tmp_path)
    token = tokens.create()
    with open(tokens.file, "a", encoding="utf-8") as stream:
        stream.write(f"\nkey {token[4:]} {token}\n")
    done = subprocess.run([program("prg"), "token", "list", "--file", tokens.file], capture_output=True, text=True, check=False)
    assert done.returncode == 4 and "line 5" in done.stderr and token[4:] not in done.stderr


def test_prg_token_follows_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    tokens = Tokens(tmp_path)
    os.symlink("there/tokens", tokens.file)
    (tmp_path / "there/tokens").touch(mode=0o600)
    tokens.create("--name", "ci")
    assert os.path.islink(tokens.file) and "token ci " in (tmp_path / "there/tokens").read_text(encoding="utf-8")


def test_many_prg_at_once_lose_no_token(tmp_path):
    file = str(tmp_path / "tokens")
    started = [subprocess.Popen([program("prg"), "token", "create", "--file", file, "--name", f"n{number}"], stdout=subprocess.PIPE)
               for number in range(12)]
    made = {process.communicate()[0] for process in started}
    rows = [json.loads(line)["name"] for line in prg("token", "list", "--json", "--file", file).splitlines()]
    assert len(made) == 12 and sorted(rows) == sorted(f"n{number}" for number in range(12))


def test_prg_gives_the_token_of_the_environment(own_guarded):
    daemon, _, root = own_guarded
    bare = {name: value for name, value in os.environ.items() if name != "PRG_TOKEN"}
    prg("create", "job-1", "--server", daemon.url, env=bare, code=4)
    prg("create", "job-1", "--server", daemon.url, env={**bare, "PRG_TOKEN": root})
    assert json.loads(prg("get", "job-1", "--json", "--server", daemon.url, env={**bare, "PRG_TOKEN": root}))["job_id"] == "job-1"


def test_prg_finds_the_token_in_a_file_too(own_guarded, tmp_path):
    daemon, _, root = own_guarded
    bare = {name: value for name, value in os.environ.items() if name != "PRG_TOKEN"}
    (tmp_path / "token").write_text(f"{root}\nthe rest does not count\n", encoding="utf-8")
    ask = ["list", "--server", daemon.url]
    prg(*ask, env={**bare, "PRG_TOKEN_FILE": str(tmp_path / "token")})
    prg(*ask, "--token-file", str(tmp_path / "token"), env={**bare, "PRG_TOKEN": "wrong"})
    prg(*ask, "--token-file", str(tmp_path / "nowhere"), env=bare, code=2)
    done = subprocess.run([program("prg"), *ask], capture_output=True, text=True, check=False, env={**bare, "PRG_TOKEN": f"{root} x"})
    assert done.returncode == 2 and root not in done.stderr


def test_prg_create_asks_for_a_read_token(own_guarded):
    daemon, _, root = own_guarded
    env = {**os.environ, "PRG_TOKEN": root}
    name, token = prg("create", "job-1", "--read-token", "10m", "--server", daemon.url, env=env).split()
    assert name == "job-1"
    env["PRG_TOKEN"] = token
    assert json.loads(prg("get", "job-1", "--json", "--server", daemon.url, env=env))["job_id"] == "job-1"
    prg("update", "job-1", "downloading", "--server", daemon.url, env=env, code=4)
    made = json.loads(prg("create", "job-2", "--read-token", "10m", "--json", "--server", daemon.url, env={**env, "PRG_TOKEN": root}))
    assert made["read_token"].startswith("prgj") and "read_token" not in json.loads(
        prg("create", "job-3", "--json", "--server", daemon.url, env={**env, "PRG_TOKEN": root}))
