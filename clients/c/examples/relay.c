/*
 * A relay of workers in several languages: each follows the same job, prints every change it sees, and does its own
 * stages when it is its turn. Usage: relay JOB NAME NEXT STAGE... The turn is in the job's metadata; NEXT gets it after
 * the last STAGE, unless that ends the job.
 */
#include <inttypes.h>
#include <prg/prg.h>
#include <stdio.h>
#include <string.h>

enum { PARTS = 4 };

struct runner {
	struct prg_client *client;
	const char *job, *name, *next;
	char **stages;
	int stage_count;
	bool has_run;
	enum prg_code code;
};

/* One stage, part by part; false: it went wrong, or the job has ended. */
static bool do_stage(struct runner *runner, const char *status)
{
	struct prg_progress *progress;
	char message[64];
	struct prg_update update = {.message = message};
	snprintf(message, sizeof message, "%s begins", runner->name);
	runner->code = prg_update_progress_by_status(runner->client, runner->job, status, &update, &progress);
	if (runner->code != PRG_OK)
		return false;
	enum prg_stage stage = progress->stage;
	bool goes_on = !prg_progress_is_final(progress);
	prg_progress_free(progress);
	for (int part = 1; part <= PARTS && goes_on; part++) {
		snprintf(message, sizeof message, "%s: %d of %d", runner->name, part, PARTS);
		runner->code = prg_update_progress_incremental(runner->client, runner->job, stage, part, PARTS, &update, NULL);
		goes_on = runner->code == PRG_OK;
	}
	return goes_on;
}

static void run(struct runner *runner)
{
	char message[64];
	snprintf(message, sizeof message, "%s hands over to %s", runner->name, runner->next);
	const struct prg_entry turn = {.key = "turn", .value = runner->next};
	const struct prg_update update = {.message = message, .metadata = &turn, .metadata_count = 1};
	for (int i = 0; i < runner->stage_count; i++)
		if (!do_stage(runner, runner->stages[i]))
			return;
	const char *last = runner->stages[runner->stage_count - 1];
	runner->code = prg_update_progress_by_status(runner->client, runner->job, last, &update, NULL);
}

static const char *find_turn(const struct prg_progress *progress)
{
	for (size_t i = 0; i < progress->metadata_count; i++)
		if (strcmp(progress->metadata[i].key, "turn") == 0)
			return progress->metadata[i].value;
	return "";
}

static bool take(const struct prg_progress *progress, void *context)
{
	struct runner *runner = context;
	printf("%" PRIu64 " %s %d%% %s\n", progress->revision, progress->status, progress->progress, progress->message);
	fflush(stdout);
	if (!runner->has_run && strcmp(find_turn(progress), runner->name) == 0) {
		runner->has_run = true;
		run(runner);
	}
	return runner->code == PRG_OK;
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return fprintf(stderr, "usage: relay JOB NAME NEXT STAGE...\n"), 2;
	struct runner runner = {
	    .job = argv[1], .name = argv[2], .next = argv[3], .stages = argv + 4, .stage_count = argc - 4};
	if (prg_open(NULL, NULL, &runner.client) != PRG_OK)
		return fprintf(stderr, "%s\n", prg_error()), 1;
	enum prg_code code = prg_watch_every(runner.client, runner.job, take, &runner);
	if (code == PRG_OK)
		code = runner.code;
	if (code != PRG_OK)
		fprintf(stderr, "%s: %s\n", prg_code_name(code), prg_error());
	prg_close(runner.client);
	return code == PRG_OK ? 0 : 1;
}
