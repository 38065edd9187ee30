/* How a clip looks. ffmpeg runs inside the folder, so that the names in its filters are ours and need no quoting. */
#include "encode.h"

#include <stdio.h>

#include "child.h"
#include "ffmpeg.h"
#include "lines.h"
#include "subtitles.h"

#define FILL_FRAME                                                                                                     \
	"[0:v:0]fps=30,split=2[wide][whole];"                                                                              \
	"[wide]scale=136:240:force_original_aspect_ratio=increase,crop=136:240,boxblur=4:2,scale=540:960,setsar=1[back];"  \
	"[whole]scale=540:960:force_original_aspect_ratio=decrease:force_divisible_by=2,setsar=1[front];"                  \
	"[back][front]overlay=(W-w)/2:(H-h)/2"

/* One run of ffmpeg. */
struct encoder {
	struct lines lines;
	struct job *job;
	uint64_t base_ms; /* of the clips before */
	uint64_t clip_ms; /* done of this one */
	size_t index, count;
	double seconds;
	bool stop;
};

static void take_line(void *context, const char *line)
{
	struct encoder *encoder = context;
	uint64_t ms;
	if (!ffmpeg_read_out_time(line, &ms))
		return;
	job_say(encoder->job, "Clip %zu of %zu: %.0f of %.0f s", encoder->index + 1, encoder->count, (double)ms / 1000,
	        encoder->seconds);
	/* the last frame may end after the clip */
	uint64_t length_ms = (uint64_t)(encoder->seconds * 1000);
	encoder->clip_ms = ms < length_ms ? ms : length_ms;
	encoder->stop |= job_tick(encoder->job, encoder->base_ms + encoder->clip_ms);
}

static enum step take_output(void *context, const char *bytes, size_t size)
{
	struct encoder *encoder = context;
	lines_feed(&encoder->lines, bytes, size);
	return encoder->stop ? STEP_STOPPED : STEP_DONE;
}

static enum step write_subtitles(struct job *job, const struct folder *folder, const char *name,
                                 const struct words *words, const struct clip *clip)
{
	FILE *stream = folder_write(folder, job, name);
	if (!stream)
		return STEP_FAILED;
	subtitles_write(stream, words, clip->start, clip->end);
	return folder_written(stream, job, name);
}

static enum step encode(struct encoder *encoder, const struct folder *folder, const char *source,
                        const struct media *media, const struct clip *clip)
{
	char name[CLIP_NAME_BYTES], subtitles[CLIP_NAME_BYTES], filters[1024], start[32], length[32];
	clip_name(encoder->index, "mp4", name);
	clip_name(encoder->index, "ass", subtitles);
	snprintf(filters, sizeof filters, FILL_FRAME ",ass=%s,format=yuv420p[v]", subtitles);
	snprintf(start, sizeof start, "%.3f", clip->start);
	snprintf(length, sizeof length, "%.3f", clip->end - clip->start);
	const char *argv[] = {FFMPEG_BEGIN,
	                      "-ss",
	                      start,
	                      "-t",
	                      length,
	                      FFMPEG_INPUT(source),
	                      "-filter_complex",
	                      filters,
	                      "-map",
	                      "[v]",
	                      "-c:v",
	                      "libx264",
	                      "-preset",
	                      "veryfast",
	                      "-crf",
	                      "23",
	                      "-movflags",
	                      "+faststart",
	                      media->has_audio ? "-map" : name,
	                      media->has_audio ? "0:a:0" : NULL,
	                      "-c:a",
	                      "aac",
	                      "-b:a",
	                      "128k",
	                      "-ac",
	                      "2",
	                      name,
	                      NULL};
	struct child child = {.argv = argv, .folder = folder->path, .take = take_output, .context = encoder};
	enum step step = child_run(encoder->job, &child);
	lines_end(&encoder->lines);
	if (step == STEP_DONE && encoder->clip_ms == 0)
		return job_fail(encoder->job, "clip %zu came out empty: the source is damaged there", encoder->index + 1);
	return step;
}

enum step encode_clips(struct job *job, const struct folder *folder, const char *source, const struct media *media,
                       const struct words *words, const struct clip *clips, size_t count)
{
	struct encoder encoder = {.job = job, .count = count};
	for (size_t i = 0; i < count; i++) {
		char subtitles[CLIP_NAME_BYTES];
		enum step step = write_subtitles(job, folder, clip_name(i, "ass", subtitles), words, &clips[i]);
		encoder.lines = (struct lines){.take = take_line, .context = &encoder};
		encoder.index = i;
		encoder.clip_ms = 0;
		encoder.seconds = clips[i].end - clips[i].start;
		if (step == STEP_DONE)
			step = encode(&encoder, folder, source, media, &clips[i]);
		if (step != STEP_DONE)
			return step;
		encoder.base_ms += (uint64_t)(encoder.seconds * 1000);
	}
	return STEP_DONE;
}
