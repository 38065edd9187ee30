/* The thread: enter the stage, then send what is newest, at most ten times a second, and a sign of life when there is
 * nothing new, whose answer tells when the job should be cancelled. */
#include "run_report.h"

#include <time.h>

#include "fail.h"
#include "times.h"

enum { INTERVAL_MS = 100, RETRY_MS = 1000, BEAT_MS = 500, CLOSING_SECONDS = 3 };

static void warn(struct run_report *report, const char *what)
{
	if (!report->has_warned)
		fail_warn("the progress of %s %s: %s", report->job_id, what, prg_error());
	report->has_warned = true;
}

/* Looks at the answer of a report. False: the service could not be reached, try again. */
static bool take_answer(struct run_report *report, enum prg_code code, struct prg_progress *progress)
{
	if (fail_status(code) == EXIT_UNREACHABLE) {
		warn(report, "cannot be reported now");
		return false;
	}
	if (code != PRG_OK) {
		warn(report, "is not reported any more");
		report->is_refused = true;
		return true;
	}
	if (progress->cancel_requested && !report->has_stopped) {
		report->has_stopped = true;
		report->stop();
	}
	prg_progress_free(progress);
	return true;
}

static bool enter(struct run_report *report)
{
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_update_progress(report->client, report->job_id, report->stage, &report->update, &progress);
	if (!take_answer(report, code, progress))
		return false;
	report->has_entered = true;
	return true;
}

static bool send_measure(struct run_report *report, const struct measure *measure)
{
	struct prg_update update = {.attempt = report->update.attempt};
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_update_progress_incremental(report->client, report->job_id, report->stage, measure->done,
	                                                     measure->total, &update, &progress);
	return take_answer(report, code, progress);
}

/* A service that does not know heartbeats is not asked again. One that has forgotten the job is told anew. */
static bool beat(struct run_report *report)
{
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_heartbeat(report->client, report->job_id, 0, &progress);
	report->beats = code != PRG_UNIMPLEMENTED;
	if (code == PRG_NOT_FOUND) {
		report->is_forgotten = true;
		return true;
	}
	return !report->beats || take_answer(report, code, progress);
}

/* Sleeps under the lock until the moment, or until the report is closing, or, if asked for, until there is news. */
static void sleep_until(struct run_report *report, double moment, bool news_wakes)
{
	struct timespec until = {.tv_sec = (time_t)moment, .tv_nsec = (long)((moment - (double)(time_t)moment) * 1e9)};
	while (!report->is_closing && !(news_wakes && report->has_newest)) {
		if (pthread_cond_clockwait(&report->news, &report->lock, CLOCK_MONOTONIC, &until) != 0)
			return;
	}
}

/* One report, whichever is due, without the lock. Returns whether the service answered. */
static bool report_once(struct run_report *report, const struct measure *measure, bool has_measure)
{
	if (!report->has_entered)
		return enter(report);
	if (has_measure)
		return send_measure(report, measure);
	return !report->beats || beat(report);
}

static void *report_repeatedly(void *context)
{
	struct run_report *report = context;
	pthread_mutex_lock(&report->lock);
	while (!report->is_closing && !report->is_refused) {
		if (report->has_entered)
			sleep_until(report, times_steady_seconds() + BEAT_MS / 1000.0, true);
		if (report->is_closing)
			break;
		struct measure measure = report->newest;
		bool has_measure = report->has_entered && report->has_newest;
		report->has_newest = report->has_newest && !has_measure;
		pthread_mutex_unlock(&report->lock);
		bool answered = report_once(report, &measure, has_measure);
		pthread_mutex_lock(&report->lock);
		if (!answered && has_measure && !report->has_newest)
			report->newest = measure;
		report->has_newest |= (!answered && has_measure) || report->is_forgotten;
		report->has_entered &= !report->is_forgotten;
		report->is_forgotten = false;
		sleep_until(report, times_steady_seconds() + (answered ? INTERVAL_MS : RETRY_MS) / 1000.0, false);
	}
	pthread_mutex_unlock(&report->lock);
	return NULL;
}

bool run_report_start(struct run_report *report)
{
	report->newest = (struct measure){0, 1};
	report->beats = true;
	pthread_mutex_init(&report->lock, NULL);
	pthread_cond_init(&report->news, NULL);
	return pthread_create(&report->thread, NULL, report_repeatedly, report) == 0;
}

static void take_line(const char *line, void *context)
{
	struct run_report *report = context;
	struct measure measure;
	pthread_mutex_lock(&report->lock);
	if (progress_line_read(&report->lines, line, &measure)) {
		report->newest = measure;
		report->has_newest = true;
		pthread_cond_signal(&report->news);
	}
	pthread_mutex_unlock(&report->lock);
}

void run_report_read(int stream, const char *bytes, size_t length, void *context)
{
	struct run_report *report = context;
	struct line_split *split = &report->splits[stream - 1];
	if (length > 0)
		line_split_take(split, bytes, length, take_line, report);
	else
		line_split_tell_rest(split, take_line, report);
}

/* Makes the last reports that are still to be made: how far the command came, and its end. */
static bool send_end(struct run_report *report, const struct run_end *end)
{
	const struct measure all = {report->newest.total, report->newest.total};
	if (!report->has_entered && !enter(report))
		return false;
	if (!report->is_refused && (end->succeeded || report->has_newest) &&
	    !send_measure(report, end->succeeded ? &all : &report->newest))
		return false;
	report->has_newest = false;
	bool has_more = end->stage != PRG_STAGE_UNSPECIFIED || !end->succeeded;
	if (report->is_refused || !has_more)
		return true;
	struct prg_update update = {.message = end->text, .attempt = report->update.attempt};
	struct prg_progress *progress = NULL;
	enum prg_stage stage = end->stage != PRG_STAGE_UNSPECIFIED ? end->stage : report->stage;
	enum prg_code code = prg_update_progress(report->client, report->job_id, stage, &update, &progress);
	return take_answer(report, code, progress);
}

/* A service that was there before is given some time to come back. */
void run_report_close(struct run_report *report, const struct run_end *end)
{
	pthread_mutex_lock(&report->lock);
	report->is_closing = true;
	pthread_cond_signal(&report->news);
	pthread_mutex_unlock(&report->lock);
	pthread_join(report->thread, NULL);
	report->has_stopped = true; /* there is nothing left to stop */
	double until = times_steady_seconds() + (report->has_entered ? CLOSING_SECONDS : 0);
	while (!report->is_refused && !send_end(report, end) && times_steady_seconds() < until) {
		struct timespec pause = {.tv_nsec = INTERVAL_MS * 1000000L};
		nanosleep(&pause, NULL);
	}
}
