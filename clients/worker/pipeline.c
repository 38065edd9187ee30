/* The order of the stages, and what each hands to the next. */
#include "pipeline.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis.h"
#include "analyze.h"
#include "clips.h"
#include "copy.h"
#include "deliver.h"
#include "download.h"
#include "encode.h"
#include "folder.h"
#include "job.h"
#include "log.h"
#include "media.h"
#include "probe.h"
#include "results.h"
#include "transcribe.h"
#include "transfer.h"

#define SOURCE_NAME "source" /* of the stored source in the working folder */

/* What the stages learn and leave. */
struct work {
	struct job job;
	const struct options *options;
	struct folder folder;
	char url[DOWNLOAD_URL_BYTES];
	char shown_url[200];              /* without a password */
	char incoming[FOLDER_PATH_BYTES]; /* path of the download */
	char source[FOLDER_PATH_BYTES];   /* path of the stored source */
	uint64_t source_bytes;
	char source_sha256[SHA256_HEX_BYTES];
	struct media media;
	struct words words;
	struct analysis analysis;
	struct clip clips[CLIPS_MAX];
	size_t clip_count;
	struct delivery delivery;
	char out[512];     /* folder or URL of the results */
	char message[640]; /* the last one */
};

static enum step take_job(struct work *work)
{
	struct job *job = &work->job;
	const char *source = work->options->source;
	snprintf(work->shown_url, sizeof work->shown_url, "%s", source);
	if (strstr(source, "://"))
		transfer_show_url(source, work->shown_url, sizeof work->shown_url);
	job_note(job, "source", "%s", work->shown_url);
	enum step step = job_open(job, work->options);
	return step == STEP_DONE ? download_find_url(job, source, work->url) : step;
}

static enum step prepare(struct work *work)
{
	enum step step = folder_open(&work->folder, &work->job, work->options->work);
	if (step != STEP_DONE)
		return step;
	folder_file(&work->folder, "incoming", work->incoming);
	folder_file(&work->folder, SOURCE_NAME, work->source);
	if (work->options->out)
		snprintf(work->out, sizeof work->out, "%s", work->options->out);
	else
		snprintf(work->out, sizeof work->out, "clips/%s", work->job.id);
	return STEP_DONE;
}

static enum step download(struct work *work)
{
	struct job *job = &work->job;
	enum step step = job_begin(job, PRG_STAGE_DOWNLOADING, 1, "%s", work->shown_url);
	if (step == STEP_DONE)
		step = download_file(job, work->url, work->incoming, &work->source_bytes);
	return step == STEP_DONE ? job_finish(job) : step;
}

static enum step downloaded(struct work *work)
{
	struct job *job = &work->job;
	double bytes = (double)work->source_bytes;
	job_note(job, "source_bytes", "%.0f", bytes);
	enum step step = job_begin(job, PRG_STAGE_DOWNLOADED, bytes, "%.1f MB, taking the checksum", bytes / 1e6);
	if (step == STEP_DONE)
		step = copy_sum(job, work->incoming, work->source_sha256);
	job_note(job, "source_sha256", "%s", work->source_sha256);
	return step == STEP_DONE ? job_finish(job) : step;
}

/* The store of this worker is its working folder. */
static enum step upload(struct work *work)
{
	struct job *job = &work->job;
	uint64_t done_bytes = 0;
	char sha256[SHA256_HEX_BYTES];
	enum step step = job_begin(job, PRG_STAGE_UPLOADING, (double)work->source_bytes, "To the store of sources");
	if (step == STEP_DONE)
		step = copy_file(job, work->incoming, work->source, &done_bytes, sha256);
	if (step != STEP_DONE)
		return step;
	if (strcmp(sha256, work->source_sha256) != 0)
		return job_fail(job, "the stored source is not the one that was downloaded");
	unlink(work->incoming);
	return job_finish(job);
}

static enum step look(struct work *work)
{
	struct job *job = &work->job;
	struct media *media = &work->media;
	enum step step = job_begin(job, PRG_STAGE_PROCESSING_STARTED, 1, "Looking at the source");
	if (step == STEP_DONE)
		step = probe_file(job, &work->folder, SOURCE_NAME, media);
	if (step != STEP_DONE)
		return step;
	log_line("%.1f s, %dx%d, %s sound", media->seconds, media->width, media->height,
	         media->has_audio ? "with" : "without");
	job_note(job, "source_seconds", "%.1f", media->seconds);
	job_note(job, "source_size", "%dx%d", media->width, media->height);
	job_tick(job, 1);
	return job_finish(job);
}

static enum step transcribe(struct work *work)
{
	struct job *job = &work->job;
	if (!work->media.has_audio)
		return job_enter(job, PRG_STAGE_TRANSCRIBING, "The source has no sound");
	enum step step = job_begin(job, PRG_STAGE_TRANSCRIBING, work->media.seconds * 1000, "Listening");
	if (step == STEP_DONE)
		step = job_simulate(job);
	if (step == STEP_DONE)
		step = transcribe_file(job, &work->folder, SOURCE_NAME, &work->media, work->options->model, &work->words);
	if (step != STEP_DONE)
		return step;
	log_line("%zu words", work->words.count);
	job_note(job, "words", "%zu", work->words.count);
	return job_finish(job);
}

static enum step analyze(struct work *work)
{
	struct job *job = &work->job;
	double seconds = 0;
	enum step step = job_begin(job, PRG_STAGE_ANALYZING, work->media.seconds * 1000, "Watching");
	if (step == STEP_DONE)
		step = analyze_file(job, &work->folder, SOURCE_NAME, &work->media, &work->analysis, &seconds);
	if (step != STEP_DONE)
		return step;
	if (seconds + 1 < work->media.seconds) {
		log_line("the source ends after %.1f of %.1f s", seconds, work->media.seconds);
		work->media.seconds = seconds;
	}
	log_line("%zu scene changes", work->analysis.cut_count);
	job_note(job, "scene_changes", "%zu", work->analysis.cut_count);
	return job_finish(job);
}

static enum step make_clips(struct work *work)
{
	struct job *job = &work->job;
	double total_ms = 0;
	work->clip_count = clips_choose(work->media.seconds, &work->words, &work->analysis, work->clips);
	for (size_t i = 0; i < work->clip_count; i++) {
		const struct clip *clip = &work->clips[i];
		log_line("clip %zu: %.1f to %.1f s, score %.2f", i + 1, clip->start, clip->end, clip->score);
		total_ms += (clip->end - clip->start) * 1000;
	}
	if (work->clip_count == 0)
		return job_fail(job, "no memory to choose clips");
	job_note(job, "clips", "%zu", work->clip_count);
	enum step step = job_begin(job, PRG_STAGE_PROCESSING, total_ms, "%zu clip%s", work->clip_count,
	                           work->clip_count == 1 ? "" : "s");
	if (step == STEP_DONE)
		step = encode_clips(job, &work->folder, SOURCE_NAME, &work->media, &work->words, work->clips, work->clip_count);
	return step == STEP_DONE ? job_finish(job) : step;
}

static enum step write_result(struct work *work, const char *name)
{
	struct results_origin origin = {
	    .job_id = work->job.id, .source = work->shown_url, .source_sha256 = work->source_sha256, .media = &work->media};
	FILE *stream = folder_write(&work->folder, &work->job, name);
	if (!stream)
		return STEP_FAILED;
	if (strcmp(name, "transcript.txt") == 0)
		results_write_text(stream, &work->words);
	else if (strcmp(name, "transcript.json") == 0)
		results_write_transcript(stream, &origin, &work->words);
	else
		results_write_clips(stream, &origin, &work->words, work->clips, work->delivery.sizes, work->clip_count);
	enum step step = folder_written(stream, &work->job, name);
	return step == STEP_DONE ? deliver_add(&work->job, &work->folder, &work->delivery, name) : step;
}

static enum step gather(struct work *work)
{
	static const char *const results[] = {"transcript.txt", "transcript.json", "clips.json"};
	enum step step = STEP_DONE;
	for (size_t i = 0; i < work->clip_count && step == STEP_DONE; i++) {
		char name[CLIP_NAME_BYTES];
		step = deliver_add(&work->job, &work->folder, &work->delivery, clip_name(i, "mp4", name));
	}
	for (size_t i = 0; i < sizeof results / sizeof *results && step == STEP_DONE; i++)
		step = write_result(work, results[i]);
	return step;
}

static enum step deliver(struct work *work)
{
	struct job *job = &work->job;
	enum step step = gather(work);
	if (step != STEP_DONE)
		return step;
	char shown[sizeof work->out];
	snprintf(shown, sizeof shown, "%s", work->out);
	if (strstr(work->out, "://"))
		transfer_show_url(work->out, shown, sizeof shown);
	job_note(job, "results", "%s", shown);
	step = job_begin(job, PRG_STAGE_UPLOADING_CLIPS, (double)work->delivery.total_bytes, "To %s", shown);
	if (step == STEP_DONE)
		step = deliver_files(job, &work->folder, &work->delivery, work->out);
	snprintf(work->message, sizeof work->message, "%zu clip%s in %s", work->clip_count,
	         work->clip_count == 1 ? "" : "s", shown);
	return step == STEP_DONE ? job_finish(job) : step;
}

int pipeline_run(const struct options *options)
{
	static enum step (*const steps[])(struct work *) = {take_job, prepare,    download, downloaded, upload,
	                                                    look,     transcribe, analyze,  make_clips, deliver};
	struct work work = {.options = options};
	enum step step = STEP_DONE;
	for (size_t i = 0; i < sizeof steps / sizeof *steps && step == STEP_DONE; i++)
		step = steps[i](&work);
	folder_close(&work.folder, options->keep);
	int exit_status = job_end(&work.job, step, work.message);
	job_close(&work.job);
	words_clear(&work.words);
	analysis_clear(&work.analysis);
	return exit_status;
}
