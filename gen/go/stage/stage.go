// Code generated from progress/v1/stages.proto by script/generate; DO NOT EDIT.

// Package stage names the stages of a job.
package stage

import progressv1 "progressd/gen/go/progress/v1"

// The stages in their order.
const (
	// Waiting for a worker.
	Queued = progressv1.PipelineStage_PIPELINE_STAGE_QUEUED
	// Fetching the source.
	Downloading = progressv1.PipelineStage_PIPELINE_STAGE_DOWNLOADING
	// The source is here.
	Downloaded = progressv1.PipelineStage_PIPELINE_STAGE_DOWNLOADED
	// Handing the source to storage.
	Uploading = progressv1.PipelineStage_PIPELINE_STAGE_UPLOADING
	// A worker has taken the job.
	ProcessingStarted = progressv1.PipelineStage_PIPELINE_STAGE_PROCESSING_STARTED
	// Turning speech into text.
	Transcribing = progressv1.PipelineStage_PIPELINE_STAGE_TRANSCRIBING
	// Finding the parts worth showing.
	Analyzing = progressv1.PipelineStage_PIPELINE_STAGE_ANALYZING
	// Cutting and encoding the clips.
	Processing = progressv1.PipelineStage_PIPELINE_STAGE_PROCESSING
	// Putting the clips where they belong.
	UploadingClips = progressv1.PipelineStage_PIPELINE_STAGE_UPLOADING_CLIPS
	// All done.
	Completed = progressv1.PipelineStage_PIPELINE_STAGE_COMPLETED
	// The job could not be done.
	Failed = progressv1.PipelineStage_PIPELINE_STAGE_FAILED
	// The job broke on a fault of the system.
	Error = progressv1.PipelineStage_PIPELINE_STAGE_ERROR
	// The job was stopped on request.
	Cancelled = progressv1.PipelineStage_PIPELINE_STAGE_CANCELLED
	// Posting the clips to TikTok.
	PostingTiktok = progressv1.PipelineStage_PIPELINE_STAGE_POSTING_TIKTOK
	// Posting the clips to Instagram.
	PostingInstagram = progressv1.PipelineStage_PIPELINE_STAGE_POSTING_INSTAGRAM
	// All posted.
	PostingCompleted = progressv1.PipelineStage_PIPELINE_STAGE_POSTING_COMPLETED
)
