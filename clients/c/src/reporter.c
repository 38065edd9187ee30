/*
 * Reporters: a hot loop stores its newest value in an atomic number, and the client's thread looks at those numbers
 * from time to time and sends what has changed, or a heartbeat when nothing has for a while. What passes by itself (no
 * connection) is tried again with the newest value then, so the last one is never lost. A service that has forgotten
 * what it was told (the job is gone, or has a lower revision than before) is told anew. The last value waits for a
 * report that is under way, because they have an order, but not for a heartbeat.
 */
#include "reporter.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "error.h"
#include "heartbeat.h"
#include "steady.h"
#include "text.h"
#include "update.h"

enum {
	INTERVAL_DEFAULT_MS = 100,
	ATTEMPT_MS = 1000, /* a call of the thread is given up after this, for a newer one */
	BEAT_MS = 500,     /* silence longer than this is broken by a heartbeat */
	BEATS_IN_LEASE = 3,
	MESSAGE_BYTES_MAX = 1024,
};

struct message {
	bool is_set;
	char text[MESSAGE_BYTES_MAX + 1];
};

struct prg_reporter {
	struct prg_reporter_cell cell; /* must be first; atomic and relaxed, nothing else depends on it */
	_Atomic double total;
	struct prg_client *client;
	struct report_thread *thread;
	enum prg_stage stage;
	int interval_ms;
	int beat_ms;
	uint32_t attempt;
	/* For all below: the thread's lock. */
	struct message message; /* for the next report */
	double highest_done;    /* ever sent; a report never goes below it */
	double sent_done;       /* acknowledged */
	double sent_total;      /* 0: nothing was acknowledged */
	uint64_t revision;      /* of the latest answer */
	int64_t due_ms;         /* when the thread looks for something new */
	int64_t beat_due_ms;    /* when it sends a heartbeat, unless it sends a report before */
	unsigned users;         /* the program and the thread, as long as they need it; the last one frees it */
	bool busy;              /* the thread is sending a report */
	bool finishing;         /* the thread keeps its hands off */
	struct prg_reporter *next;
	char job_id[];
};

/* What goes out at once. */
struct report {
	double done;
	double total;
	struct message message;
};

/* For callers that cannot compile it into their loops. */
extern inline bool prg_reporter_tick(struct prg_reporter *reporter, uint64_t done);

void prg_reporter_set_total(struct prg_reporter *reporter, double total)
{
	if (total > 0 && isfinite(total))
		atomic_store_explicit(&reporter->total, total, memory_order_relaxed);
}

/* At most that many bytes, cut before a UTF-8 character and not inside. */
static size_t cut_length(const char *text, size_t bytes_max)
{
	size_t length = strnlen(text, bytes_max + 1);
	if (length <= bytes_max)
		return length;
	length = bytes_max;
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

void prg_reporter_set_message(struct prg_reporter *reporter, const char *message)
{
	pthread_mutex_lock(&reporter->thread->lock);
	reporter->message.is_set = message != NULL;
	if (message != NULL) {
		size_t length = cut_length(message, MESSAGE_BYTES_MAX);
		memcpy(reporter->message.text, message, length);
		reporter->message.text[length] = '\0';
	}
	pthread_mutex_unlock(&reporter->thread->lock);
}

/* Moves what is to be sent now into the report; false: there is nothing new. */
static bool take_report(struct prg_reporter *reporter, struct report *report)
{
	report->total = atomic_load_explicit(&reporter->total, memory_order_relaxed);
	report->done = (double)__atomic_load_n(&reporter->cell.done, __ATOMIC_RELAXED);
	if (report->done < reporter->highest_done)
		report->done = reporter->highest_done;
	if (report->done > report->total)
		report->done = report->total;
	reporter->highest_done = report->done;
	report->message = reporter->message;
	reporter->message.is_set = false;
	return report->message.is_set || report->done != reporter->sent_done || report->total != reporter->sent_total;
}

static enum prg_code send_report(struct prg_reporter *reporter, const struct report *report, int64_t deadline_ms,
                                 struct prg_progress **ret_progress)
{
	struct prg_update update = {.attempt = reporter->attempt};
	if (report->message.is_set)
		update.message = report->message.text;
	return update_incremental(reporter->client, reporter->job_id, reporter->stage, report->done, report->total, &update,
	                          deadline_ms, ret_progress);
}

static bool passes_by_itself(enum prg_code code)
{
	return code == PRG_UNAVAILABLE || code == PRG_DEADLINE_EXCEEDED || code == PRG_CANCELLED ||
	       code == PRG_RESOURCE_EXHAUSTED;
}

static void note_stop(struct prg_reporter *reporter, enum prg_code code, const struct prg_progress *progress)
{
	if (code == PRG_ABORTED || code == PRG_FAILED_PRECONDITION || (code == PRG_OK && progress->cancel_requested))
		__atomic_store_n(&reporter->cell.stop, true, __ATOMIC_RELAXED);
}

/* What a report has come to; the lock is held. An error that stays is not repeated until there is something new. */
static void note_result(struct prg_reporter *reporter, const struct report *report, enum prg_code code)
{
	if (passes_by_itself(code)) {
		if (!reporter->message.is_set)
			reporter->message = report->message;
		return;
	}
	reporter->sent_done = report->done;
	reporter->sent_total = report->total;
}

/* Looks whether the service still knows what it has acknowledged; the lock is held. */
static void note_memory(struct prg_reporter *reporter, enum prg_code code, uint64_t revision)
{
	bool is_forgotten = code == PRG_NOT_FOUND || (code == PRG_OK && revision < reporter->revision);
	if (code == PRG_OK || code == PRG_NOT_FOUND)
		reporter->revision = revision;
	if (!is_forgotten)
		return;
	reporter->sent_total = 0;
	reporter->message.is_set |= reporter->message.text[0] != '\0';
}

static void unlink_reporter(struct report_thread *thread, struct prg_reporter *reporter)
{
	struct prg_reporter **link = &thread->first;
	while (*link != reporter)
		link = &(*link)->next;
	*link = reporter->next;
}

static int64_t attempt_deadline_ms(struct prg_client *client)
{
	int64_t attempt_ms = steady_now_ms() + ATTEMPT_MS, deadline_ms = client_deadline_ms(client, 0);
	return deadline_ms < attempt_ms ? deadline_ms : attempt_ms;
}

static void drop(struct prg_reporter *reporter)
{
	if (--reporter->users == 0)
		free(reporter);
}

/* Sends one report without the lock, which is held before and after. */
static void report_one(struct report_thread *thread, struct prg_reporter *reporter, const struct report *report)
{
	reporter->busy = true;
	pthread_mutex_unlock(&thread->lock);
	struct prg_progress *progress = NULL;
	enum prg_code code = send_report(reporter, report, attempt_deadline_ms(thread->client), &progress);
	note_stop(reporter, code, progress);
	uint64_t revision = progress != NULL ? progress->revision : 0;
	prg_progress_free(progress);
	pthread_mutex_lock(&thread->lock);
	note_result(reporter, report, code);
	note_memory(reporter, code, revision);
	reporter->busy = false;
	pthread_cond_broadcast(&thread->idle);
}

/* The same with a heartbeat. It is not worth waiting for a connection: the reports do that. */
static void beat(struct report_thread *thread, struct prg_reporter *reporter)
{
	if (!connection_is_up(&thread->client->connection))
		return;
	pthread_mutex_unlock(&thread->lock);
	struct prg_progress *progress = NULL;
	enum prg_code code = heartbeat_send(reporter->client, reporter->job_id, reporter->attempt,
	                                    attempt_deadline_ms(thread->client), &progress);
	note_stop(reporter, code, progress);
	uint64_t revision = progress != NULL ? progress->revision : 0;
	prg_progress_free(progress);
	pthread_mutex_lock(&thread->lock);
	note_memory(reporter, code, revision);
}

static void serve(struct report_thread *thread, struct prg_reporter *reporter, int64_t now_ms)
{
	struct report report;
	bool has_news = false;
	if (reporter->due_ms <= now_ms) {
		reporter->due_ms = now_ms + reporter->interval_ms;
		has_news = take_report(reporter, &report);
	}
	if (!has_news && reporter->beat_due_ms > now_ms)
		return;
	reporter->beat_due_ms = now_ms + reporter->beat_ms;
	reporter->users++;
	if (has_news)
		report_one(thread, reporter, &report);
	else
		beat(thread, reporter);
	drop(reporter);
}

static int64_t next_due_ms(const struct prg_reporter *reporter)
{
	return reporter->due_ms < reporter->beat_due_ms ? reporter->due_ms : reporter->beat_due_ms;
}

/* The reporter to look at next, NULL: none. */
static struct prg_reporter *find_first_due(struct report_thread *thread)
{
	struct prg_reporter *first = NULL;
	for (struct prg_reporter *reporter = thread->first; reporter != NULL; reporter = reporter->next)
		if (!reporter->finishing && (first == NULL || next_due_ms(reporter) < next_due_ms(first)))
			first = reporter;
	return first;
}

int64_t reporter_serve_first(struct report_thread *thread)
{
	struct prg_reporter *reporter = find_first_due(thread);
	if (reporter == NULL)
		return STEADY_NEVER;
	int64_t now_ms = steady_now_ms(), due_ms = next_due_ms(reporter);
	if (due_ms <= now_ms)
		serve(thread, reporter, now_ms);
	return due_ms;
}

void reporter_free_all(struct report_thread *thread)
{
	while (thread->first != NULL) {
		struct prg_reporter *reporter = thread->first;
		thread->first = reporter->next;
		free(reporter);
	}
}

static enum prg_code check_arguments(double total, const struct prg_reporter_options *options)
{
	if (!(total > 0) || !isfinite(total))
		return error_set(PRG_INVALID_ARGUMENT, "BAD_FIELD", "total: %g; must be a number greater than 0", total);
	if (options->interval_ms < 0)
		return error_set(PRG_INVALID_ARGUMENT, "BAD_OPTION", "interval_ms: %d; must not be negative",
		                 options->interval_ms);
	return PRG_OK;
}

static int beat_ms(double lease_seconds)
{
	double third_ms = lease_seconds * 1000 / BEATS_IN_LEASE;
	if (lease_seconds <= 0 || third_ms >= BEAT_MS)
		return BEAT_MS;
	return third_ms > 1 ? (int)third_ms : 1;
}

static struct prg_reporter *create_reporter(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                            double total, const struct prg_reporter_options *options)
{
	size_t id_bytes = strlen(job_id) + 1;
	struct prg_reporter *reporter = calloc(1, sizeof *reporter + id_bytes);
	if (reporter == NULL)
		return NULL;
	reporter->thread = report_thread_get(client);
	if (reporter->thread == NULL) {
		free(reporter);
		return NULL;
	}
	reporter->client = client;
	reporter->stage = stage;
	reporter->interval_ms = options->interval_ms != 0 ? options->interval_ms : INTERVAL_DEFAULT_MS;
	reporter->beat_ms = beat_ms(options->lease_seconds);
	reporter->attempt = options->attempt;
	reporter->users = 1;
	atomic_init(&reporter->total, total);
	memcpy(reporter->job_id, job_id, id_bytes);
	return reporter;
}

static void add_reporter(struct prg_reporter *reporter)
{
	struct report_thread *thread = reporter->thread;
	pthread_mutex_lock(&thread->lock);
	reporter->due_ms = steady_now_ms();
	reporter->beat_due_ms = reporter->due_ms + reporter->beat_ms;
	reporter->next = thread->first;
	thread->first = reporter;
	pthread_cond_signal(&thread->wake);
	pthread_mutex_unlock(&thread->lock);
}

enum prg_code prg_reporter_start(struct prg_client *client, const char *job_id, enum prg_stage stage, double total,
                                 const struct prg_reporter_options *options, struct prg_reporter **ret_reporter)
{
	static const struct prg_reporter_options defaults;
	if (options == NULL)
		options = &defaults;
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	code = check_arguments(total, options);
	if (code != PRG_OK)
		return client_leave(client);
	struct prg_reporter *reporter = create_reporter(client, text_lend(job_id), stage, total, options);
	if (reporter == NULL) {
		error_no_memory();
		return client_leave(client);
	}
	struct prg_update update = {.attempt = options->attempt, .lease_seconds = options->lease_seconds};
	struct prg_progress *progress = NULL;
	code = prg_update_progress(client, job_id, stage, &update, &progress);
	if (code == PRG_OK) {
		note_stop(reporter, code, progress);
		prg_progress_free(progress);
		add_reporter(reporter);
		*ret_reporter = reporter;
	} else {
		free(reporter);
	}
	return client_leave(client);
}

/* Takes the reporter away from the thread, with its last report. False: the thread is still waiting for the answer to a
 * report when the time is over. */
static bool take_back(struct prg_reporter *reporter, int64_t deadline_ms, struct report *report)
{
	struct report_thread *thread = reporter->thread;
	pthread_mutex_lock(&thread->lock);
	reporter->finishing = true;
	while (reporter->busy && steady_now_ms() < deadline_ms)
		steady_wait(&thread->idle, &thread->lock, deadline_ms);
	bool taken = !reporter->busy;
	unlink_reporter(thread, reporter);
	if (taken)
		take_report(reporter, report);
	pthread_mutex_unlock(&thread->lock);
	return taken;
}

static void give_up(struct prg_reporter *reporter)
{
	struct report_thread *thread = reporter->thread;
	pthread_mutex_lock(&thread->lock);
	drop(reporter);
	pthread_mutex_unlock(&thread->lock);
}

static enum prg_code finish(struct prg_reporter *reporter, struct prg_progress **ret_progress)
{
	int64_t deadline_ms = client_deadline_ms(reporter->client, 0);
	struct report report;
	enum prg_code code;
	if (take_back(reporter, deadline_ms, &report))
		code = send_report(reporter, &report, deadline_ms, ret_progress);
	else
		code = error_set(PRG_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the last report had no answer in time");
	give_up(reporter);
	return code;
}

enum prg_code prg_reporter_finish(struct prg_reporter *reporter, struct prg_progress **ret_progress)
{
	error_clear();
	if (reporter == NULL)
		return PRG_OK;
	struct prg_client *client = reporter->client;
	enum prg_code code = client_enter(client);
	if (code == PRG_FAILED_PRECONDITION) {
		/* In a forked child nobody else is there, and the lock may be held by a thread that is not. */
		unlink_reporter(reporter->thread, reporter);
		free(reporter);
	}
	if (code != PRG_OK)
		return code;
	finish(reporter, ret_progress);
	return client_leave(client);
}
