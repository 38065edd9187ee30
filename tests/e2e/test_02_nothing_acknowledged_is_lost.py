"""kill -9 in the middle, and everything that was acknowledged is there."""

from google.protobuf.json_format import MessageToDict

from support.messages import rpc, service, stage
from support.still import still


def test_state_and_idempotency_survive_a_kill(daemon):
    with daemon.client() as client:
        client.call("CreateJob", job_id="job-1", metadata={"video_id": "v"})
        request = dict(
            job_id="job-1", stage=stage("transcribing"), done=3, total=4, writer="w", sequence=2, message="text"
        )
        reply, first = client.reply("UpdateProgressIncremental", **request)
        assert reply.durability == rpc.DURABILITY_SYNCED
        history = client.call("GetJobHistory", job_id="job-1").spans[0]
    daemon.kill()
    daemon.start()
    with daemon.client() as client:
        now = client.call("GetProgress", job_id="job-1").progress_info
        assert still(now) == still(first.progress_info)
        assert now.time_fraction >= first.progress_info.time_fraction
        again = client.call("UpdateProgressIncremental", **request)
        assert still(again.progress_info) == still(first.progress_info)
        assert client.call("GetJobHistory", job_id="job-1").spans[0] == history
        later = client.call("UpdateProgress", job_id="job-1", stage=stage("analyzing"))
        assert later.progress_info.revision == first.progress_info.revision + 1, MessageToDict(later)


def request_of(number):
    return service.UpdateProgressRequest(job_id=f"job-{number}", stage=stage("downloading"))


def test_many_acknowledged_jobs_survive_a_kill(daemon):
    with daemon.client() as client:
        for number in range(300):
            client.send("UpdateProgress", request_of(number))
        acknowledged = {client.receive()[1].code for _ in range(300)}
        assert acknowledged == {0}
    daemon.kill()
    daemon.start()
    with daemon.client() as client:
        seen, token = [], ""
        while True:
            page = client.call("ListJobs", page_size=100, page_token=token)
            seen += [info.job_id for info in page.jobs]
            token = page.next_page_token
            if not token:
                break
        assert sorted(seen) == sorted(f"job-{number}" for number in range(300))


def test_memory_says_what_it_is_worth(start_daemon):
    daemon = start_daemon(store="memory:")
    with daemon.client() as client:
        reply, _ = client.reply("UpdateProgress", job_id="job-1", stage=stage("downloading"))
        assert reply.durability == rpc.DURABILITY_MEMORY


def test_it_ends_in_good_order_while_calls_wait(daemon):
    with daemon.client() as client:
        info = client.call("UpdateProgress", job_id="job-1", stage=stage("downloading")).progress_info
        client.send("WaitProgress", service.WaitProgressRequest(job_id="job-1", after_revision=info.revision))
        assert daemon.stop() == 0
    daemon.start()
    with daemon.client() as client:
        assert still(client.call("GetProgress", job_id="job-1").progress_info) == still(info)
