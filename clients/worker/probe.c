/* What is refused, and how the length is found: a file that does not tell it (as browsers record them) is read once. */
#include "probe.h"

#include "child.h"
#include "ffmpeg.h"
#include "lines.h"

static void take_probe_line(void *context, const char *line)
{
	media_take_line(context, line);
}

static void take_length_line(void *context, const char *line)
{
	uint64_t ms;
	if (ffmpeg_read_out_time(line, &ms))
		*(double *)context = (double)ms / 1000;
}

static enum step take_output(void *context, const char *bytes, size_t size)
{
	lines_feed(context, bytes, size);
	return STEP_DONE;
}

static enum step run(struct job *job, const struct folder *folder, const char *const *argv, lines_fn *take,
                     void *context)
{
	struct lines lines = {.take = take, .context = context};
	struct child child = {.argv = argv, .folder = folder->path, .take = take_output, .context = &lines};
	enum step step = child_run(job, &child);
	lines_end(&lines);
	return step;
}

/* Reads the whole file without decoding it. */
static enum step measure(struct job *job, const struct folder *folder, const char *source, double *ret_seconds)
{
	const char *argv[] = {FFMPEG_BEGIN, FFMPEG_INPUT(source), "-map", "0:v:0", "-c", "copy", "-f", "null", "-", NULL};
	return run(job, folder, argv, take_length_line, ret_seconds);
}

enum step probe_file(struct job *job, const struct folder *folder, const char *source, struct media *ret_media)
{
	const char *argv[] = {"ffprobe",
	                      "-hide_banner",
	                      "-loglevel",
	                      "error",
	                      "-of",
	                      "flat",
	                      "-show_entries",
	                      "format=duration:stream=codec_type,width,height:stream_disposition=attached_pic",
	                      FFMPEG_INPUT(source),
	                      NULL};
	struct media_reader reader = {.index = -1};
	enum step step = run(job, folder, argv, take_probe_line, &reader);
	if (step != STEP_DONE)
		return step;
	struct media media = media_finish(&reader);
	if (!media.has_video)
		return job_fail(job, "the source has no video in it");
	if (media.seconds <= 0)
		step = measure(job, folder, source, &media.seconds);
	if (step == STEP_DONE && media.seconds <= 0)
		return job_fail(job, "the source has no length");
	if (step == STEP_DONE)
		*ret_media = media;
	return step;
}
