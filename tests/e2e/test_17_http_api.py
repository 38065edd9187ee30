"""The HTTP API: what the first front ends ask for, lists, health, metrics, the page, and who may ask at all."""

import json
import os
import re
import signal
import ssl
import subprocess

import pytest

from support import messages, wait
from support.web import SERVICE, Web

SEED = {
    "queued": 0, "downloading": 5, "downloaded": 15, "uploading": 18, "processing_started": 20, "transcribing": 25,
    "analyzing": 50, "processing": 70, "uploading_clips": 90, "completed": 100, "failed": 0, "error": 0, "cancelled": 0,
    "posting_tiktok": 80, "posting_instagram": 85, "posting_completed": 100,
}


def test_stages_are_all_there_with_their_percentages(web):
    answer = web.get("/api/stages")
    assert (answer.status, answer.fields["content-type"]) == (200, "application/json")
    assert answer.json() == SEED
    assert list(answer.json()) == list(SEED), "in the schema's order"


@pytest.mark.parametrize("path", ["/api/status/", "/status/"])
def test_status_is_flat_with_the_metadata_beside(web, path):
    web.update("clip-1", "transcribing", message="Transcribing audio",
               metadata={"video_id": "abc123", "process_task_id": "xyz789"})
    answer = web.get(path + "clip-1")
    assert answer.status == 200
    status = answer.json()
    assert list(status)[:3] == ["status", "progress", "message"]
    assert {name: status[name] for name in ("status", "progress", "message", "video_id", "process_task_id")} == {
        "status": "transcribing", "progress": 25, "message": "Transcribing audio", "video_id": "abc123",
        "process_task_id": "xyz789"}
    assert status["eta_seconds"] is None or status["eta_seconds"] > 0
    expected = {"stage": "transcribing", "label": "Transcribing audio", "state": "active", "source": "measured", "revision": 1,
                "reached_progress": 25, "fraction": 0.25, "attempt": 1, "error": "", "flag": None}
    assert {name: status[name] for name in expected} == expected
    assert 0 <= status["time_fraction"] <= 1


def test_metadata_may_be_empty(web):
    web.update("e", "queued", metadata={"k": ""})
    assert web.get("/api/status/e").json()["k"] == ""


def test_metadata_never_takes_the_place_of_a_fixed_member(web):
    fixed = list(web.get("/api/status/" + web.update("plain", "queued")["jobId"]).json())
    web.update("sly", "analyzing", message="true", metadata={name: "false" for name in fixed if len(name) <= 64})
    status = web.get("/api/status/sly").json()
    assert list(status) == fixed
    assert (status["status"], status["progress"], status["message"], status["job_id"]) == ("analyzing", 50, "true", "sly")


def test_text_of_all_kinds_comes_out_as_it_went_in(web):
    text = "\"quoted\" \\ <b>&</b> ü € 🎬 \u2028"
    web.update("text", "queued", message=text, metadata={"k": text})
    status = web.get("/api/status/text").json()
    assert (status["message"], status["k"]) == (text, text)


def test_a_failed_job_shows_zero_and_how_far_it_came(web):
    web.update("f", "processing")
    web.update("f", "failed", message="no space left")
    status = web.get("/api/status/f").json()
    assert (status["status"], status["progress"], status["reached_progress"], status["state"]) == ("failed", 0, 70, "failed")


def test_an_unknown_job_is_404_with_a_json_error(web):
    assert web.get("/api/status/nobody").error() == (404, "not_found")
    assert web.get("/status/nobody").error() == (404, "not_found")
    assert web.get("/api/jobs/nobody/history").error() == (404, "not_found")


@pytest.mark.parametrize("job_id", ["%20", "a%2Fb", "a%zz", "%00", "%ff", "a" * 200, ".hidden"])
def test_a_job_id_that_is_none_is_400(web, job_id):
    assert web.get("/api/status/" + job_id).error() == (400, "invalid_argument")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/stage", "/api/status", "/api/status/", "/api/status/a/b",
                                  "/api/jobs/a", "/api/jobs/a/", "/nothing.js", "/progress.v1.Other/Get"])
def test_an_unknown_path_is_404_with_a_json_error(web, path):
    assert web.get(path).error() == (404, "not_found")


def test_a_wrong_method_is_405_and_names_the_right_one(web):
    answer = web.ask("POST", "/api/stages", "{}")
    assert (answer.status, answer.fields["allow"]) == (405, "GET, HEAD")
    answer = web.get(SERVICE + "GetProgress")
    assert (answer.status, answer.fields["allow"]) == (405, "POST")


def test_head_is_get_without_the_body(web):
    get, head = web.get("/api/stages"), web.ask("HEAD", "/api/stages")
    assert (head.status, head.body) == (200, b"")
    assert head.fields["content-length"] == get.fields["content-length"]


def test_jobs_are_listed_by_pages_and_filters(web):
    for number in range(5):
        web.update(f"clip-{number}", "downloading" if number % 2 else "analyzing")
    web.update("other", "completed")
    first = web.get("/api/jobs?page_size=2&prefix=clip-").json()
    assert [job["jobId"] for job in first["jobs"]] == ["clip-4", "clip-3"]
    second = web.get("/api/jobs?page_size=3&prefix=clip-&page_token=" + first["nextPageToken"]).json()
    assert [job["jobId"] for job in second["jobs"]] == ["clip-2", "clip-1", "clip-0"]
    assert second["nextPageToken"] == ""
    by_stage = web.get("/api/jobs?stage=downloading").json()["jobs"]
    assert {job["jobId"] for job in by_stage} == {"clip-1", "clip-3"}
    assert all(job["progress"] == 5 and job["cancelRequested"] is False for job in by_stage), "defaults are shown"
    assert [job["jobId"] for job in web.get("/api/jobs?state=succeeded,failed").json()["jobs"]] == ["other"]
    both = web.get("/api/jobs?state=active&state=succeeded&page_size=100").json()["jobs"]
    assert len(both) == 6


@pytest.mark.parametrize("query", ["state=asleep", "stage=none", "page_size=-1", "page_size=many", "page_size=1001",
                                   "page_token=1x", "prefix=%2f", "parent=%zz", "pipeline=a%20b"])
def test_a_bad_filter_is_400_and_names_the_field(web, query):
    answer = web.get("/api/jobs?" + query)
    assert answer.error() == (400, "invalid_argument")
    assert query.partition("=")[0] in answer.json()["message"]


def test_the_history_tells_every_stage(web):
    for stage in ("downloading", "transcribing", "completed"):
        web.update("h", stage)
    history = web.get("/api/jobs/h/history").json()
    assert [span["status"] for span in history["spans"]][:2] == ["downloading", "transcribing"]
    assert history["progressInfo"]["state"] == "JOB_STATE_SUCCEEDED"


def test_health_and_readiness(web):
    assert (web.get("/healthz").status, web.get("/readyz").status) == (200, 200)


def test_metrics_count_what_happens(web, client):
    client.call("UpdateProgress", job_id="m", stage=messages.stage("downloading"))
    web.get("/api/status/m")
    web.get("/api/status/unknown")
    with web.events("/api/events?job=m") as events:
        events.next()
        wait.until(lambda: web.metrics()["progressd_waiting_calls"] == 1, "the stream waits")
        counted = web.metrics()
        assert counted["progressd_streams"] == 1
    assert counted['progressd_calls_total{door="rpc",method="UpdateProgress",code="ok"}'] == 1
    assert counted['progressd_calls_total{door="http",method="GetProgress",code="ok"}'] == 1
    assert counted['progressd_calls_total{door="http",method="GetProgress",code="not_found"}'] == 1
    assert counted['progressd_call_seconds_count{door="http",method="GetProgress"}'] == 2
    assert counted['progressd_call_seconds_bucket{door="http",method="GetProgress",le="+Inf"}'] == 2
    assert counted["progressd_commits_total"] == 1
    assert counted["progressd_commit_jobs_sum"] == 1
    assert counted["progressd_store_up"] == 1
    assert counted['progressd_jobs{state="active",stage="downloading"}'] == 1
    client.call("UpdateProgress", job_id="m", stage=messages.stage("completed"))
    counted = web.metrics()
    assert counted['progressd_jobs{state="active",stage="downloading"}'] == 0
    assert counted['progressd_jobs_reached_total{state="succeeded"}'] == 1


def test_metrics_know_the_live_jobs_after_a_restart(start_daemon):
    daemon = start_daemon()
    Web(daemon).update("a", "analyzing")
    Web(daemon).update("b", "completed")
    daemon.kill()
    daemon.start()
    assert Web(daemon).metrics()['progressd_jobs{state="active",stage="analyzing"}'] == 1


def test_metrics_are_in_the_text_format(web):
    web.update("a", "queued")
    lines = web.get("/metrics").body.decode().splitlines()
    typed = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(typed) == len(set(typed))
    for line in lines:
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\\]*",?)+\})? [-+0-9.e]+', line), line
        if not line.startswith("#"):
            name = re.match(r"\w+", line)[0]
            assert name in typed or re.sub(r"_(bucket|sum|count)$", "", name) in typed, line


def test_the_page_says_what_this_is_under_a_strict_policy(web):
    answer = web.get("/")
    assert answer.status == 200 and b"progressd" in answer.body
    assert answer.fields["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.fields["content-security-policy"]
    assert "unsafe" not in answer.fields["content-security-policy"]
    assert answer.fields["x-content-type-options"] == "nosniff"


@pytest.fixture
def dashboard(folder):
    os.makedirs(f"{folder}/site/assets")
    for name, text in {"index.html": "<!doctype html>start", "assets/app-1.js": "let a", ".secret": "s"}.items():
        with open(f"{folder}/site/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    with open(f"{folder}/outside", "w", encoding="utf-8") as file:
        file.write("outside")
    return f"{folder}/site"


def test_the_dashboard_is_served_from_its_folder(start_daemon, dashboard):
    web = Web(start_daemon("--dashboard", dashboard))
    start = web.get("/")
    assert (start.body, start.fields["content-type"]) == (b"<!doctype html>start", "text/html; charset=utf-8")
    assert start.fields["cache-control"] == "no-cache"
    script = web.get("/assets/app-1.js")
    assert (script.body, script.fields["content-type"]) == (b"let a", "text/javascript; charset=utf-8")
    assert "immutable" in script.fields["cache-control"]
    assert web.get("/jobs/clip-1").body == start.body, "the dashboard's own paths"
    again = web.get("/", If_None_Match=start.fields["etag"])
    assert (again.status, again.body, again.fields["etag"]) == (304, b"", start.fields["etag"])
    assert web.get("/missing.js").error() == (404, "not_found")
    assert web.get("/api/missing").error() == (404, "not_found")


@pytest.mark.parametrize("path", ["/../outside", "/%2e%2e/outside", "/..%2foutside", "/assets/../../outside", "/.secret",
                                  "/assets/..%5c..%5coutside", "//etc/passwd", "/assets/%2e%2e/%2e%2e/outside", "/./.secret"])
def test_no_path_leads_out_of_the_folder(start_daemon, dashboard, path):
    answer = Web(start_daemon("--dashboard", dashboard)).get(path)
    assert b"outside" not in answer.body and b"root:" not in answer.body and answer.body != b"s"
    assert answer.status in (400, 404) or answer.body == b"<!doctype html>start"


def test_a_folder_that_is_none_is_refused_at_start(run_progressd):
    completed = run_progressd("--store", "memory:", "--dashboard", "/nowhere", "--rpc", "tcp://127.0.0.1:0", "--pub",
                              "tcp://127.0.0.1:0")
    assert completed.returncode == 2 and "--dashboard" in completed.stderr


# ---- who may ask

@pytest.mark.parametrize("method, path", [("GET", "/api/stages"), ("GET", "/"), ("GET", "/metrics"), ("OPTIONS", "/"),
                                          ("GET", "/api/events"), ("POST", SERVICE + "GetProgress"), ("GET", "/healthz")])
def test_a_strange_host_or_origin_gets_nothing_by_any_method(web, method, path):
    assert web.ask(method, path, Host="evil.example").status == 421
    assert web.ask(method, path, Host="127.0.0.1.evil.example:80").status == 421
    assert web.ask(method, path, Origin="http://evil.example").status == 403
    assert web.ask(method, path, Origin="null").status == 403
    assert web.ask(method, path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status == 403


def test_its_own_pages_may_ask(web):
    own = f"http://{web.host}:{web.port}"
    assert web.get("/api/stages", Origin=own, Sec_Fetch_Site="same-origin").status == 200
    answer = web.get("/api/stages", Host="localhost:1")
    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.fields
    assert answer.fields["cross-origin-resource-policy"] == "same-origin"


def test_hosts_and_origins_can_be_named(start_daemon):
    friend = "https://dash.example.org"
    web = Web(start_daemon("--http-host", "progress.example.org", "--http-origin", friend))
    assert web.get("/api/stages", Host="progress.example.org").status == 200
    answer = web.get("/api/stages", Origin=friend, Sec_Fetch_Site="cross-site")
    assert (answer.status, answer.fields["access-control-allow-origin"], answer.fields["vary"]) == (200, friend, "Origin")
    preflight = web.ask("OPTIONS", SERVICE + "GetProgress", Origin=friend, Access_Control_Request_Method="POST")
    assert preflight.status == 204 and "POST" in preflight.fields["access-control-allow-methods"]
    assert web.get("/api/stages", Origin="https://dash.example.org.evil.example").status == 403


# ---- the log, https, the end

def test_the_log_tells_of_requests_as_far_as_it_is_asked_to(start_daemon):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    daemon = start_daemon("--access-log", "all")
    Web(daemon).get("/api/stages?secret=1", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    line = wait.until(lambda: [line for line in daemon.log().splitlines() if "event=http " in line], "it is logged")[0]
    pairs = dict(pair.split("=", 1) for pair in line.split())
    assert (pairs["method"], pairs["path"], pairs["status"], pairs["trace"]) == ("GET", "/api/stages", "200", trace)
    assert "secret" not in daemon.log()
    quiet = start_daemon()
    Web(quiet).get("/api/stages")
    Web(quiet).get("/api/status/none")
    wait.until(lambda: "status=404" in quiet.log(), "errors are logged")
    assert "/api/stages" not in quiet.log()


def make_certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                    "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem",
                    "-out", f"{folder}/cert.pem"], check=True, capture_output=True)


def presented(web):
    """The certificate that the daemon shows."""
    connection = web.open()
    connection.connect()
    shown = connection.sock.getpeercert(binary_form=True)
    connection.close()
    return shown


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the TLS version that must be refused
def test_https_with_a_certificate_that_can_be_changed(start_daemon, folder):
    make_certificate(folder, "first")
    daemon = start_daemon("--tls-cert", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem")
    assert daemon.http_url().startswith("https://")
    context = ssl._create_unverified_context()
    web = Web(daemon, context)
    web.update("t", "downloading")
    assert web.get("/api/status/t").json()["progress"] == 5
    with web.events("/api/events?job=t") as events:
        assert events.next().job()["progress"] == 5
        web.update("t", "analyzing")
        assert events.next().job()["progress"] == 50
    large = web.call("UpdateProgress", {"jobId": "t", "stage": "PIPELINE_STAGE_ANALYZING", "message": "x" * 1000})
    assert large.status == 200
    first = presented(web)
    make_certificate(folder, "second")
    daemon.process.send_signal(signal.SIGHUP)
    wait.until(lambda: presented(web) != first, "the new certificate is shown")
    with open(f"{folder}/key.pem", "w", encoding="utf-8") as file:
        file.write("no key")
    daemon.process.send_signal(signal.SIGHUP)
    wait.until(lambda: "event=not_reloaded" in daemon.log(), "a bad one is refused")
    assert web.get("/healthz").status == 200
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode, old.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises(OSError):
        Web(daemon, old).get("/healthz")
    assert daemon.stop() == 0


def test_a_key_of_another_certificate_is_refused_at_start(run_progressd, folder):
    make_certificate(folder, "one")
    os.rename(f"{folder}/key.pem", f"{folder}/other.pem")
    make_certificate(folder, "two")
    completed = run_progressd("--store", "memory:", "--rpc", "tcp://127.0.0.1:0", "--pub", "tcp://127.0.0.1:0", "--tls-cert",
                              f"{folder}/cert.pem", "--tls-key", f"{folder}/other.pem")
    assert completed.returncode == 2 and "--tls-key" in completed.stderr


def test_sigterm_answers_what_is_under_way_and_ends_streams_in_order(daemon, web):
    web.update("s", "downloading")
    waiting = web.open()
    waiting.request("POST", SERVICE + "WaitProgress", json.dumps({"jobId": "s", "afterRevision": "1", "timeout": "60s"}),
                    {"Content-Type": "application/json"})
    events = web.events("/api/events?job=s")
    assert events.next().job()["progress"] == 5
    wait.until(lambda: web.metrics()["progressd_waiting_calls"] == 2, "both wait")
    assert daemon.stop() == 0
    answer = waiting.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (503, "unavailable")
    assert events.next() is None, "the stream has its end"
