"""Generated from progress/v1/stages.proto by script/generate; do not edit."""

import enum


class PipelineStage(str, enum.Enum):
    """The stages in their order; the value is the status."""

    QUEUED = "queued"
    """Waiting for a worker."""

    DOWNLOADING = "downloading"
    """Fetching the source."""

    DOWNLOADED = "downloaded"
    """The source is here."""

    UPLOADING = "uploading"
    """Handing the source to storage."""

    PROCESSING_STARTED = "processing_started"
    """A worker has taken the job."""

    TRANSCRIBING = "transcribing"
    """Turning speech into text."""

    ANALYZING = "analyzing"
    """Finding the parts worth showing."""

    PROCESSING = "processing"
    """Cutting and encoding the clips."""

    UPLOADING_CLIPS = "uploading_clips"
    """Putting the clips where they belong."""

    COMPLETED = "completed"
    """All done."""

    FAILED = "failed"
    """The job could not be done."""

    ERROR = "error"
    """The job broke on a fault of the system."""

    CANCELLED = "cancelled"
    """The job was stopped on request."""

    POSTING_TIKTOK = "posting_tiktok"
    """Posting the clips to TikTok."""

    POSTING_INSTAGRAM = "posting_instagram"
    """Posting the clips to Instagram."""

    POSTING_COMPLETED = "posting_completed"
    """All posted."""
