/*
 * Reporters: a hot loop stores its newest value in an atomic number, and one thread for each client looks at those
 * numbers from time to time and sends what has changed. What passes by itself (no connection) is tried again with the
 * newest value then, so the last one is never lost.
 */
#include "reporter.h"

#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "error.h"
#include "steady.h"
#include "text.h"
#include "update.h"

enum {
	INTERVAL_DEFAULT_MS = 100,
	ATTEMPT_MS = 1000, /* a report of the thread is given up after this, for a newer one */
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
	uint32_t attempt;
	/* For all below: the thread's lock. */
	struct message message; /* for the next report */
	double highest_done;    /* ever sent; a report never goes below it */
	double sent_done;       /* acknowledged */
	double sent_total;      /* 0: nothing was acknowledged */
	int64_t due_ms;         /* when the thread looks again */
	bool busy;              /* the thread is sending */
	bool finishing;         /* the thread keeps its hands off */
	bool abandoned;         /* the thread frees it */
	struct prg_reporter *next;
	char job_id[];
};

struct report_thread {
	struct prg_client *client;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* of the thread: a new reporter, or stop */
	pthread_cond_t idle; /* of prg_reporter_finish: the thread has sent a report */
	struct prg_reporter *first;
	bool stop;
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

/* Sends one report without the lock, which is held before and after. */
static void report_one(struct report_thread *thread, struct prg_reporter *reporter)
{
	struct report report;
	reporter->due_ms = steady_now_ms() + reporter->interval_ms;
	if (!take_report(reporter, &report))
		return;
	reporter->busy = true;
	pthread_mutex_unlock(&thread->lock);
	struct prg_progress *progress = NULL;
	enum prg_code code = send_report(reporter, &report, attempt_deadline_ms(thread->client), &progress);
	note_stop(reporter, code, progress);
	prg_progress_free(progress);
	pthread_mutex_lock(&thread->lock);
	note_result(reporter, &report, code);
	reporter->busy = false;
	pthread_cond_broadcast(&thread->idle);
	if (reporter->abandoned) {
		unlink_reporter(thread, reporter);
		free(reporter);
	}
}

/* The reporter to look at next, NULL: none. */
static struct prg_reporter *find_first_due(struct report_thread *thread)
{
	struct prg_reporter *first = NULL;
	for (struct prg_reporter *reporter = thread->first; reporter != NULL; reporter = reporter->next)
		if (!reporter->finishing && (first == NULL || reporter->due_ms < first->due_ms))
			first = reporter;
	return first;
}

static void *run(void *context)
{
	struct report_thread *thread = context;
	pthread_mutex_lock(&thread->lock);
	while (!thread->stop) {
		struct prg_reporter *reporter = find_first_due(thread);
		if (reporter != NULL && reporter->due_ms <= steady_now_ms())
			report_one(thread, reporter);
		else
			steady_wait(&thread->wake, &thread->lock, reporter != NULL ? reporter->due_ms : STEADY_NEVER);
	}
	pthread_mutex_unlock(&thread->lock);
	return NULL;
}

/* Signals are for the program's own threads. */
static int start_quietly(struct report_thread *thread)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rv = pthread_create(&thread->thread, NULL, run, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rv;
}

static void free_thread(struct report_thread *thread)
{
	pthread_cond_destroy(&thread->wake);
	pthread_cond_destroy(&thread->idle);
	pthread_mutex_destroy(&thread->lock);
	free(thread);
}

static struct report_thread *create_thread(struct prg_client *client)
{
	struct report_thread *thread = calloc(1, sizeof *thread);
	if (thread == NULL)
		return NULL;
	thread->client = client;
	pthread_mutex_init(&thread->lock, NULL);
	steady_init(&thread->wake);
	steady_init(&thread->idle);
	if (start_quietly(thread) == 0)
		return thread;
	free_thread(thread);
	return NULL;
}

/* The client's thread, started with its first reporter. NULL: it cannot be. */
static struct report_thread *get_thread(struct prg_client *client)
{
	pthread_mutex_lock(&client->lock);
	if (client->reports == NULL)
		client->reports = create_thread(client);
	struct report_thread *thread = client->reports;
	pthread_mutex_unlock(&client->lock);
	return thread;
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

static struct prg_reporter *create_reporter(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                            double total, const struct prg_reporter_options *options)
{
	size_t id_bytes = strlen(job_id) + 1;
	struct prg_reporter *reporter = calloc(1, sizeof *reporter + id_bytes);
	if (reporter == NULL)
		return NULL;
	reporter->thread = get_thread(client);
	if (reporter->thread == NULL) {
		free(reporter);
		return NULL;
	}
	reporter->client = client;
	reporter->stage = stage;
	reporter->interval_ms = options->interval_ms != 0 ? options->interval_ms : INTERVAL_DEFAULT_MS;
	reporter->attempt = options->attempt;
	atomic_init(&reporter->total, total);
	memcpy(reporter->job_id, job_id, id_bytes);
	return reporter;
}

static void add_reporter(struct prg_reporter *reporter)
{
	struct report_thread *thread = reporter->thread;
	pthread_mutex_lock(&thread->lock);
	reporter->due_ms = steady_now_ms();
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
	struct prg_update update = {.attempt = options->attempt};
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

/* Takes the reporter away from the thread, with its last report. False: the thread is still waiting for an answer when
 * the time is over, and frees it. */
static bool take_back(struct prg_reporter *reporter, int64_t deadline_ms, struct report *report)
{
	struct report_thread *thread = reporter->thread;
	pthread_mutex_lock(&thread->lock);
	reporter->finishing = true;
	while (reporter->busy && steady_now_ms() < deadline_ms)
		steady_wait(&thread->idle, &thread->lock, deadline_ms);
	bool taken = !reporter->busy;
	reporter->abandoned = !taken;
	if (taken) {
		unlink_reporter(thread, reporter);
		take_report(reporter, report);
	}
	pthread_mutex_unlock(&thread->lock);
	return taken;
}

static enum prg_code finish(struct prg_reporter *reporter, struct prg_progress **ret_progress)
{
	struct prg_client *client = reporter->client;
	int64_t deadline_ms = client_deadline_ms(client, 0);
	struct report report;
	if (!take_back(reporter, deadline_ms, &report))
		return error_set(PRG_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the last report had no answer in time");
	enum prg_code code = send_report(reporter, &report, deadline_ms, ret_progress);
	free(reporter);
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

void reporter_stop_all(struct prg_client *client)
{
	struct report_thread *thread = client->reports;
	if (thread == NULL)
		return;
	pthread_mutex_lock(&thread->lock);
	thread->stop = true;
	pthread_cond_signal(&thread->wake);
	pthread_mutex_unlock(&thread->lock);
	pthread_join(thread->thread, NULL);
}

void reporter_free_all(struct prg_client *client, bool forked)
{
	struct report_thread *thread = client->reports;
	if (thread == NULL)
		return;
	while (thread->first != NULL) {
		struct prg_reporter *reporter = thread->first;
		thread->first = reporter->next;
		free(reporter);
	}
	if (forked)
		free(thread);
	else
		free_thread(thread);
}
