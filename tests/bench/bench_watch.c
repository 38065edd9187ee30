/*
 * Measures how long an update takes to a watcher: from the call of prg_update_progress_incremental to the callback of
 * prg_watch, in two clients of one process.
 *
 *     bench_watch --url URL [--count N]
 */
#include <prg/prg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "arrival.h"

enum { TOTAL = 1000000000 };

struct scene {
	struct arrival arrival;
	struct prg_client *updater, *watcher;
	char job_id[64];
	uint64_t first_revision; /* of the changes that are measured */
};

static void must(enum prg_code code, const char *what)
{
	if (code == PRG_OK)
		return;
	fprintf(stderr, "bench_watch: %s: %s\n", what, prg_error());
	exit(1);
}

static void update(long number, void *context)
{
	struct scene *scene = context;
	must(prg_update_progress_incremental(scene->updater, scene->job_id, PRG_STAGE_TRANSCRIBING, (double)(number + 1),
	                                     TOTAL, NULL, NULL),
	     "update");
}

static bool see(const struct prg_progress *progress, void *context)
{
	struct scene *scene = context;
	if (progress->revision >= scene->first_revision)
		arrival_note(&scene->arrival);
	return true;
}

static void *watch(void *context)
{
	struct scene *scene = context;
	must(prg_watch(scene->watcher, scene->job_id, see, scene), "watch");
	return NULL;
}

int main(int argc, char **argv)
{
	struct scene scene = {0};
	const char *url = arrival_option(argc, argv, "--url");
	struct prg_progress *progress;
	pthread_t thread;
	arrival_init(&scene.arrival, argc, argv);
	must(prg_open(url, NULL, &scene.updater), "open");
	must(prg_open(url, NULL, &scene.watcher), "open");
	snprintf(scene.job_id, sizeof scene.job_id, "watched-%ld", (long)getpid());
	must(
	    prg_update_progress_incremental(scene.updater, scene.job_id, PRG_STAGE_TRANSCRIBING, 0, TOTAL, NULL, &progress),
	    "job");
	scene.first_revision = progress->revision + 1;
	prg_progress_free(progress);
	if (pthread_create(&thread, NULL, watch, &scene) != 0)
		exit(1);
	arrival_measure(&scene.arrival, update, &scene);
	must(prg_update_progress(scene.updater, scene.job_id, PRG_STAGE_COMPLETED, NULL, NULL), "end");
	pthread_join(thread, NULL);
	prg_close(scene.updater);
	prg_close(scene.watcher);
	free(scene.arrival.durations_ns);
	return 0;
}
