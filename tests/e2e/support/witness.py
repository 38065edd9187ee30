"""What nobody's bad behaviour may change: the daemon runs, serves others, and its store holds what it held."""

from . import rpc
from .messages import stage
from .still import still


def shown(daemon):
    """All that the store shows, asked by a client of its own."""
    with daemon.client() as client:
        jobs = client.call("ListJobs", page_size=1000).jobs
        spans = [span for info in jobs for span in client.call("GetJobHistory", job_id=info.job_id).spans]
    for span in spans:
        if not span.HasField("end_time"):
            span.ClearField("duration")  # it grows
    return [still(info) for info in jobs], spans


def prepare(daemon):
    """Two jobs to be left alone: job-1 at 37 %, job-2 waiting."""
    if daemon.process.poll() is not None:
        daemon.start()
    with daemon.client() as client:
        client.call(
            "UpdateProgressIncremental",
            job_id="job-1",
            stage=stage("transcribing"),
            fraction=0.5,
            message="half",
            writer="w",
            sequence=4,
        )
        if not client.call("ListJobs", filter={"job_id_prefix": "job-2"}).jobs:
            client.call("CreateJob", job_id="job-2", metadata={"video_id": "v"})
    return shown(daemon)


def urls(daemon):
    return [daemon.url, daemon.tcp_url()]


def check_served(daemon):
    """New clients are served at every address."""
    for url in urls(daemon):
        with rpc.Client(url) as client:
            info = client.call("GetProgress", job_id="job-1").progress_info
            assert (info.progress, info.message) == (37, "half")


def check_unchanged(daemon, before):
    assert daemon.process.poll() is None, daemon.log()
    check_served(daemon)
    assert shown(daemon) == before
