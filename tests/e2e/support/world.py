"""Jobs of every kind, for pages to show."""

STAGE = "PIPELINE_STAGE_"
NAMES = ["keynote-2026", "standup-42", "podcast-ep118", "wedding-anna", "lecture-07", "trailer-b", "interview-mira",
         "match-final", "cooking-ramen", "travel-azores"]
SAID = {"DOWNLOADING": "fetching 1080p, 48 of 210 MB", "TRANSCRIBING": "speech to text, part 2 of 6",
        "ANALYZING": "looking for chapters", "PROCESSING": "cutting clip 2 of 5", "UPLOADING_CLIPS": "sending clip-3.mp4"}
ENDS = {"COMPLETED": "5 clips", "FAILED": "ffmpeg: Invalid data found when processing input",
        "CANCELLED": "no longer needed"}


def call(web, method, **message):
    answer = web.call(method, message)
    assert answer.status == 200, answer.body
    return answer.json()


def create(web, number, prefix=""):
    job_id = f"{prefix}{NAMES[number % len(NAMES)]}-{number}"
    call(web, "CreateJob", jobId=job_id, pipeline="clips" if number % 4 else "shorts",
         metadata={"owner": "mira", "video_id": f"v{number * 7919 % 10007}"})
    return job_id


def end(web, number, pause=lambda stage: None):
    """A job that has gone through its stages and ended; two of ten not well."""
    job_id = create(web, number)
    for stage in SAID:
        call(web, "UpdateProgress", jobId=job_id, stage=STAGE + stage, message=SAID[stage])
        pause(stage)
        if stage == "PROCESSING" and number % 10 in (4, 7):
            break
    ending = {4: "FAILED", 7: "CANCELLED"}.get(number % 10, "COMPLETED")
    call(web, "UpdateProgress", jobId=job_id, stage=STAGE + ending, message=ENDS[ending])
    return job_id


def begin(web, number, seconds=None):
    """A job under way: queued, measured or simulated."""
    job_id = create(web, number)
    place = number % (len(SAID) + 1)
    if place == len(SAID):
        return job_id
    stage, said = list(SAID.items())[place]
    common = {"jobId": job_id, "stage": STAGE + stage, "message": said}
    if number % 3 == 0:
        call(web, "SimulateProgress", **common, **({"expectedDuration": f"{seconds}s"} if seconds else {}))
    else:
        call(web, "UpdateProgressIncremental", **common, fraction=number * 0.37 % 1)
    return job_id


def lose(web, job_id="lost-worker-7"):
    """A job whose worker gives no sign of life."""
    call(web, "UpdateProgress", jobId=job_id, stage=STAGE + "ANALYZING", message="looking for chapters", lease="0.1s")
    return job_id


def fill(web, ended=35, live=14):
    """Some of everything."""
    for number in range(ended):
        end(web, number)
    for number in range(100, 100 + live):
        begin(web, number)
    lose(web)
