/* Watching a job: one long poll after the other, through all troubles that pass. */
#include "client.h"
#include "error.h"
#include "steady.h"

enum {
	POLL_MS = 30000,
	PAUSE_MS = 50, /* after an answer without news, so that a service that never waits is not asked in a busy loop */
};

struct watch {
	struct prg_client *client;
	const char *job_id;
	prg_watch_fn *callback;
	void *context;
	uint64_t revision; /* the latest one shown; 0: none */
	bool over;
};

/* Shows a state that is news. */
static bool show(struct watch *watch, const struct prg_progress *progress)
{
	if (progress->revision == watch->revision)
		return false;
	watch->revision = progress->revision;
	watch->over = !watch->callback(progress, watch->context) || prg_progress_is_final(progress);
	return true;
}

static bool passes_by_itself(const struct watch *watch, enum prg_code code)
{
	if (code == PRG_UNAVAILABLE)
		return !watch->client->fail_fast;
	return code == PRG_DEADLINE_EXCEEDED;
}

/* One long poll. PRG_OK: go on, or the watch is over. */
static enum prg_code poll_once(struct watch *watch)
{
	struct prg_progress *progress;
	enum prg_code code = prg_wait_progress(watch->client, watch->job_id, watch->revision, POLL_MS, &progress);
	bool news = false;
	if (code == PRG_OK) {
		news = show(watch, progress);
		prg_progress_free(progress);
	} else if (!passes_by_itself(watch, code)) {
		return code;
	}
	if (!news)
		connection_pause(&watch->client->connection, PAUSE_MS, STEADY_NEVER);
	return PRG_OK;
}

enum prg_code prg_watch(struct prg_client *client, const char *job_id, prg_watch_fn *callback, void *context)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct watch watch = {.client = client, .job_id = job_id, .callback = callback, .context = context};
	while (code == PRG_OK && !watch.over)
		code = poll_once(&watch);
	if (code == PRG_OK)
		error_clear();
	client_leave(client);
	return code;
}
