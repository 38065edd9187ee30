/* Which reports are sent and when, what a refused or lost report means for the work, and how a job ends. */
#include "job.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "stop.h"

enum {
	ASK_TIMEOUT_MS = 2000,      /* for what is nice to know */
	CALL_TIMEOUT_MS = 60000,    /* a restart of the service passes unnoticed */
	END_TIMEOUT_MS = 5 * 60000, /* the end matters most */
	STOP_TIMEOUT_MS = 20000,    /* unless somebody waits for us to be gone */
};

/* Makes text fit to be shown and sent: no control characters, nothing but ASCII, which is always valid UTF-8. */
static void clean(char *text)
{
	for (char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

enum step job_fail(struct job *job, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(job->reason, sizeof job->reason, format, arguments);
	va_end(arguments);
	clean(job->reason);
	return STEP_FAILED;
}

void job_note(struct job *job, const char *key, const char *format, ...)
{
	if (job->note_count == JOB_NOTES_MAX)
		return;
	struct job_note *note = &job->notes[job->note_count++];
	note->key = key;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(note->value, sizeof note->value, format, arguments);
	va_end(arguments);
	clean(note->value);
}

static size_t entries_of_notes(const struct job *job, struct prg_entry *ret_entries)
{
	for (size_t i = 0; i < job->note_count; i++)
		ret_entries[i] = (struct prg_entry){.key = job->notes[i].key, .value = job->notes[i].value};
	return job->note_count;
}

/* Whether the service could not be asked, as opposed to having said no. */
static bool is_lost(enum prg_code code)
{
	return code == PRG_UNAVAILABLE || code == PRG_DEADLINE_EXCEEDED || code == PRG_RESOURCE_EXHAUSTED ||
	       code == PRG_UNKNOWN || code == PRG_INTERNAL || code == PRG_DATA_LOSS;
}

/* What the answer to a report means for the work. */
static enum step take_answer(struct job *job, enum prg_code code, struct prg_progress *progress)
{
	if (code == PRG_OK) {
		if (progress && progress->cancel_requested)
			job->cancel_requested = true;
		prg_progress_free(progress);
		return job->cancel_requested || stop_signal() ? job_stop(job) : STEP_DONE;
	}
	if (!is_lost(code))
		return job_fail(job, "the progress service refused a report: %s", prg_error());
	log_line("a report was lost (%s); the work goes on", prg_error());
	return STEP_DONE;
}

static enum step report(struct job *job, enum prg_stage stage, const char *message)
{
	struct prg_entry entries[JOB_NOTES_MAX];
	struct prg_update update = {.message = message,
	                            .metadata = entries,
	                            .metadata_count = entries_of_notes(job, entries),
	                            .attempt = job->attempt,
	                            .lease_seconds = job->lease_seconds};
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_update_progress(job->client, job->id, stage, &update, &progress);
	if (code == PRG_OK)
		job->note_count = 0;
	return take_answer(job, code, progress);
}

/* ---- the wish to cancel, while the main thread is busy ------------------------------------------------------------
 */

static void kill_prey(struct job *job)
{
	if (job->prey > 0)
		kill(-job->prey, SIGKILL);
}

/* Called by the thread of the client. */
static void on_cancel(const char *job_id, const char *reason, void *context)
{
	struct job *job = context;
	(void)job_id, (void)reason;
	job->cancel_requested = true;
	pthread_mutex_lock(&job->prey_lock);
	kill_prey(job);
	pthread_mutex_unlock(&job->prey_lock);
}

void job_guard(struct job *job, pid_t group)
{
	pthread_mutex_lock(&job->prey_lock);
	job->prey = group;
	if (job->cancel_requested)
		kill_prey(job);
	pthread_mutex_unlock(&job->prey_lock);
}

/* ---- taking up the job ------------------------------------------------------------------------------------------- */

static enum step take_up(struct job *job, const struct prg_progress *known)
{
	if (prg_progress_is_final(known)) /* nothing can be reported any more, so the id stays empty */
		return job_fail(job, "job %s has ended already (%s)", known->job_id, known->status);
	snprintf(job->id, sizeof job->id, "%s", known->job_id);
	job->attempt = known->stage == PRG_STAGE_QUEUED ? known->attempt : known->attempt + 1;
	log_line("takes up job %s, attempt %u", known->job_id, job->attempt);
	job->cancel_requested = known->cancel_requested;
	return report(job, PRG_STAGE_QUEUED, "A worker took it up");
}

static enum step take_up_existing(struct job *job, const char *job_id)
{
	struct prg_progress *known = NULL;
	if (prg_get_progress(job->client, job_id, &known) != PRG_OK)
		return job_fail(job, "cannot read job %s: %s", job_id, prg_error());
	enum step step = take_up(job, known);
	prg_progress_free(known);
	return step;
}

static enum step create(struct job *job, const char *job_id)
{
	struct prg_entry entries[JOB_NOTES_MAX];
	struct prg_job_options options = {.pipeline = "clips",
	                                  .message = "Waiting for its turn",
	                                  .metadata = entries,
	                                  .metadata_count = entries_of_notes(job, entries)};
	struct prg_progress *created = NULL;
	enum prg_code code = prg_create_job(job->client, job_id, &options, &created);
	if (code == PRG_ALREADY_EXISTS && job_id)
		return take_up_existing(job, job_id);
	if (code != PRG_OK)
		return job_fail(job, "cannot create the job: %s", prg_error());
	snprintf(job->id, sizeof job->id, "%s", created->job_id);
	job->attempt = created->attempt;
	job->note_count = 0;
	prg_progress_free(created);
	return STEP_DONE;
}

static void say_hello(struct job *job)
{
	struct prg_server_info info;
	prg_set_timeout(job->client, ASK_TIMEOUT_MS);
	if (prg_get_server_info(job->client, &info) != PRG_OK)
		log_line("no progressd answers at %s yet (%s); waits up to %d s for it", prg_server_url(job->client),
		         prg_error(), CALL_TIMEOUT_MS / 1000);
	prg_set_timeout(job->client, 0);
}

enum step job_open(struct job *job, const struct options *options)
{
	struct prg_options manner = {.timeout_ms = CALL_TIMEOUT_MS};
	pthread_mutex_init(&job->prey_lock, NULL);
	job->lease_seconds = options->lease_seconds;
	if (prg_open(options->server, &manner, &job->client) != PRG_OK ||
	    prg_on_cancel(job->client, on_cancel, job) != PRG_OK)
		return job_fail(job, "%s", prg_error());
	say_hello(job);
	job->stage = PRG_STAGE_QUEUED;
	enum step step = create(job, options->job_id);
	if (step == STEP_DONE)
		log_line("job %s at %s", job->id, prg_server_url(job->client));
	return step;
}

void job_close(struct job *job)
{
	prg_close(job->client);
	job->client = NULL;
	pthread_mutex_destroy(&job->prey_lock);
}

/* ---- stages --------------------------------------------------------------------------------------------------------
 */

static enum step enter(struct job *job, enum prg_stage stage, const char *format, va_list arguments)
{
	char message[512];
	vsnprintf(message, sizeof message, format, arguments);
	clean(message);
	const struct prg_stage_info *info = prg_stage_find(stage);
	log_line("%s: %s", info ? info->label : "?", message);
	job->stage = stage;
	job->done = 0;
	return report(job, stage, message);
}

enum step job_enter(struct job *job, enum prg_stage stage, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	enum step step = enter(job, stage, format, arguments);
	va_end(arguments);
	return step;
}

enum step job_begin(struct job *job, enum prg_stage stage, double total, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	enum step step = enter(job, stage, format, arguments);
	va_end(arguments);
	if (step != STEP_DONE)
		return step;
	struct prg_reporter_options manner = {.attempt = job->attempt, .lease_seconds = job->lease_seconds};
	enum prg_code code = prg_reporter_start(job->client, job->id, stage, total, &manner, &job->reporter);
	if (code != PRG_OK)
		job->reporter = NULL;
	return take_answer(job, code, NULL);
}

enum step job_simulate(struct job *job)
{
	struct prg_update update = {.attempt = job->attempt};
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_simulate_progress(job->client, job->id, job->stage, 0, &update, &progress);
	return take_answer(job, code, progress);
}

bool job_tick(struct job *job, uint64_t done)
{
	job->done = done;
	return job_must_stop(job);
}

bool job_must_stop(struct job *job)
{
	bool asked = job->reporter && prg_reporter_tick(job->reporter, job->done);
	return asked || job->cancel_requested || stop_signal();
}

void job_set_total(struct job *job, double total)
{
	if (job->reporter)
		prg_reporter_set_total(job->reporter, total);
}

void job_say(struct job *job, const char *format, ...)
{
	char message[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	clean(message);
	if (job->reporter)
		prg_reporter_set_message(job->reporter, message);
}

enum step job_finish(struct job *job)
{
	struct prg_progress *progress = NULL;
	enum prg_code code = prg_reporter_finish(job->reporter, &progress);
	job->reporter = NULL;
	return take_answer(job, code, progress);
}

/* ---- the end -------------------------------------------------------------------------------------------------------
 */

/* Keeps why the service wants the job to end. */
static void keep_cancel_reason(struct job *job)
{
	struct prg_progress *progress = NULL;
	prg_set_timeout(job->client, ASK_TIMEOUT_MS);
	enum prg_code code = prg_get_progress(job->client, job->id, &progress);
	prg_set_timeout(job->client, 0);
	if (code != PRG_OK) {
		job_fail(job, "cancelled by request");
		return;
	}
	if (progress->attempt > job->attempt)
		job_fail(job, "another worker has taken over (attempt %u)", progress->attempt);
	else if (progress->cancel_requested && *progress->cancel_reason)
		job_fail(job, "cancelled by request: %s", progress->cancel_reason);
	else
		job_fail(job, "cancelled by request");
	prg_progress_free(progress);
}

enum step job_stop(struct job *job)
{
	if (stop_signal())
		job_fail(job, "cancelled by signal %s", stop_signal());
	else
		keep_cancel_reason(job);
	return STEP_STOPPED;
}

int job_end(struct job *job, enum step step, const char *message)
{
	static const struct {
		enum prg_stage stage;
		int exit_status;
	} ends[] = {[STEP_DONE] = {PRG_STAGE_COMPLETED, 0},
	            [STEP_FAILED] = {PRG_STAGE_FAILED, 1},
	            [STEP_STOPPED] = {PRG_STAGE_CANCELLED, 130}};
	const char *text = step == STEP_DONE ? message : job->reason;
	log_line("%s", text);
	if (!job->id[0])
		return ends[step].exit_status;
	prg_set_timeout(job->client, step == STEP_STOPPED ? STOP_TIMEOUT_MS : END_TIMEOUT_MS);
	prg_reporter_finish(job->reporter, NULL);
	job->reporter = NULL;
	struct prg_update update = {.message = text, .attempt = job->attempt};
	enum prg_code code = prg_update_progress(job->client, job->id, ends[step].stage, &update, NULL);
	if (code == PRG_OK)
		return ends[step].exit_status;
	log_line("the end of job %s could not be reported: %s", job->id, prg_error());
	return step == STEP_DONE ? 1 : ends[step].exit_status;
}
