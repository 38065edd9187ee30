/* When the client's own thread starts, what it does next, and when it ends. */
#include "report_thread.h"

#include <stdlib.h>

#include "client.h"
#include "error.h"
#include "quiet_thread.h"
#include "reporter.h"
#include "steady.h"

/* Tells the program of one job that should be cancelled, without the lock, which is held before and after. False: there
 * is none. Only this thread forgets jobs that were told, so this one stays. */
static bool tell_cancel(struct report_thread *thread)
{
	const struct cancel *cancel = cancels_take(&thread->cancels);
	if (cancel == NULL)
		return false;
	prg_cancel_fn *callback = thread->cancels.callback;
	void *context = thread->cancels.context;
	if (callback == NULL)
		return true;
	pthread_mutex_unlock(&thread->lock);
	callback(cancel->job_id, cancel->reason, context);
	pthread_mutex_lock(&thread->lock);
	return true;
}

static void *run(void *context)
{
	struct report_thread *thread = context;
	pthread_mutex_lock(&thread->lock);
	while (!thread->stop) {
		if (tell_cancel(thread))
			continue;
		int64_t due_ms = reporter_serve_first(thread);
		if (due_ms > steady_now_ms())
			steady_wait(&thread->wake, &thread->lock, due_ms);
	}
	pthread_mutex_unlock(&thread->lock);
	return NULL;
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
	if (quiet_thread_start(&thread->thread, run, thread))
		return thread;
	free_thread(thread);
	return NULL;
}

struct report_thread *report_thread_get(struct prg_client *client)
{
	pthread_mutex_lock(&client->lock);
	if (client->reports == NULL)
		client->reports = create_thread(client);
	struct report_thread *thread = client->reports;
	pthread_mutex_unlock(&client->lock);
	return thread;
}

enum prg_code prg_on_cancel(struct prg_client *client, prg_cancel_fn *callback, void *context)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct report_thread *thread = report_thread_get(client);
	if (thread != NULL) {
		pthread_mutex_lock(&thread->lock);
		thread->cancels.callback = callback;
		thread->cancels.context = context;
		pthread_mutex_unlock(&thread->lock);
	} else {
		error_no_memory();
	}
	return client_leave(client);
}

void report_thread_note_answer(struct prg_client *client, const struct prg_progress *progress)
{
	if (progress == NULL || !progress->cancel_requested || prg_progress_is_final(progress))
		return;
	pthread_mutex_lock(&client->lock);
	struct report_thread *thread = client->reports;
	pthread_mutex_unlock(&client->lock);
	if (thread == NULL)
		return;
	pthread_mutex_lock(&thread->lock);
	if (thread->cancels.callback != NULL && cancels_note(&thread->cancels, progress))
		pthread_cond_signal(&thread->wake);
	pthread_mutex_unlock(&thread->lock);
}

bool report_thread_asks(struct prg_client *client, const char *job_id, uint64_t revision)
{
	pthread_mutex_lock(&client->lock);
	struct report_thread *thread = client->reports;
	pthread_mutex_unlock(&client->lock);
	if (thread == NULL)
		return false;
	pthread_mutex_lock(&thread->lock);
	bool asks = thread->cancels.callback != NULL && !cancels_has(&thread->cancels, job_id, revision);
	pthread_mutex_unlock(&thread->lock);
	return asks;
}

void report_thread_stop(struct prg_client *client)
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

void report_thread_free(struct prg_client *client, bool forked)
{
	struct report_thread *thread = client->reports;
	if (thread == NULL)
		return;
	reporter_free_all(thread);
	cancels_clear(&thread->cancels);
	if (forked)
		free(thread);
	else
		free_thread(thread);
}
