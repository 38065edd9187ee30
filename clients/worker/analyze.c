/* How the source is looked at: one run of ffmpeg over both streams; small pictures are enough to see a scene change. */
#include "analyze.h"

#include "child.h"
#include "ffmpeg.h"
#include "lines.h"

#define WATCH                                                                                                          \
	"[0:v:0]scale=320:-2,scdet=threshold=10,metadata=mode=print:key=lavfi.scd.time:file=pipe\\\\:1:direct=1[v]"
#define HEAR                                                                                                           \
	";[0:a:0]aresample=async=1:first_pts=0,ebur128=metadata=1,"                                                        \
	"ametadata=mode=print:key=lavfi.r128.M:file=pipe\\\\:1:direct=1[a]"

struct watcher {
	struct job *job;
	struct analysis *analysis;
	double seconds; /* as the source tells */
	uint64_t seen_ms;
	bool stop;
};

static void take_line(void *context, const char *line)
{
	struct watcher *watcher = context;
	uint64_t ms;
	if (!ffmpeg_read_out_time(line, &ms)) {
		analysis_take_line(watcher->analysis, line);
		return;
	}
	job_say(watcher->job, "%.0f of %.0f s seen, %zu scene changes", (double)ms / 1000, watcher->seconds,
	        watcher->analysis->cut_count);
	watcher->seen_ms = ms;
	watcher->stop |= job_tick(watcher->job, ms);
}

struct output {
	struct lines lines;
	struct watcher *watcher;
};

static enum step take_output(void *context, const char *bytes, size_t size)
{
	struct output *output = context;
	lines_feed(&output->lines, bytes, size);
	return output->watcher->stop ? STEP_STOPPED : STEP_DONE;
}

enum step analyze_file(struct job *job, const struct folder *folder, const char *source, const struct media *media,
                       struct analysis *analysis, double *ret_seconds)
{
	/* without sound the arguments end after the picture */
	const char *argv[] = {FFMPEG_BEGIN,
	                      FFMPEG_INPUT(source),
	                      "-filter_complex",
	                      media->has_audio ? WATCH HEAR : WATCH,
	                      "-map",
	                      "[v]",
	                      "-f",
	                      "null",
	                      "-",
	                      media->has_audio ? "-map" : NULL,
	                      "[a]",
	                      "-f",
	                      "null",
	                      "-",
	                      NULL};
	struct watcher watcher = {.job = job, .analysis = analysis, .seconds = media->seconds};
	struct output output = {.lines = {.take = take_line, .context = &watcher}, .watcher = &watcher};
	struct child child = {.argv = argv, .folder = folder->path, .take = take_output, .context = &output};
	enum step step = child_run(job, &child);
	lines_end(&output.lines);
	if (step == STEP_DONE && watcher.seen_ms == 0)
		return job_fail(job, "nothing of the source can be decoded");
	if (step == STEP_DONE)
		*ret_seconds = (double)watcher.seen_ms / 1000;
	return step;
}
