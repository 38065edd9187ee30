/*
 * How many updates a second the stores take, by the number of puts a commit: updates of random jobs among 10,000, each
 * with a payload of 300 bytes. Beside it, how often a second the disk syncs a page that is written again and again:
 * what a store with one sync for each commit can reach at best.
 *     bench_store [FOLDER] [SECONDS]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"
#include "support/random.h"

enum { JOBS = 10000, PAYLOAD_BYTES = 300, PUTS_MAX = 1024, SYNC_PAGES = 64, PAGE_BYTES = 4096 };

struct job {
	char job_id[32];
	uint64_t revision;
	int64_t row;
	size_t last_commit; /* number of the commit that put it last */
};

static struct job jobs[JOBS];
static struct store_put batch[PUTS_MAX];
static size_t chosen[PUTS_MAX];
static uint8_t payload[PAYLOAD_BYTES];

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void leave(const char *doing, const char *text)
{
	fprintf(stderr, "bench_store: %s: %s\n", doing, text);
	exit(1);
}

static void fill_put(struct store_put *put, const struct job *job)
{
	*put = (struct store_put){
	    .record = {.job_id = job->job_id,
	               .revision = job->revision + 1,
	               .stage = 6,
	               .state = 1,
	               .progress = (int)(job->revision % 100),
	               .pipeline = "default",
	               .parent = "",
	               .message = "transcribing the sound",
	               .created_ms = 1700000000000,
	               .updated_ms = 1700000000000 + (int64_t)job->revision,
	               .payload = payload,
	               .payload_bytes = sizeof payload},
	    .expected_revision = job->revision,
	    .row = job->row,
	};
}

/* Commits puts of the chosen jobs and remembers their new revisions. */
static void commit_chosen(struct store *store, size_t count)
{
	struct fault fault;
	enum store_durability durability;
	for (size_t i = 0; i < count; i++)
		fill_put(&batch[i], &jobs[chosen[i]]);
	if (store_commit(store, batch, count, &durability, &fault) != ERR_OK)
		leave("commit", fault.text);
	for (size_t i = 0; i < count; i++) {
		if (batch[i].is_conflict)
			leave("commit", "a conflict where none can be");
		jobs[chosen[i]].row = batch[i].row;
		jobs[chosen[i]].revision++;
	}
}

static void create_jobs(struct store *store)
{
	memset(jobs, 0, sizeof jobs);
	for (size_t first = 0; first < JOBS; first += 1000) {
		for (size_t i = 0; i < 1000; i++) {
			chosen[i] = first + i;
			snprintf(jobs[first + i].job_id, sizeof jobs->job_id, "video-%zu", first + i);
		}
		commit_chosen(store, 1000);
	}
}

static void choose(struct random *random, size_t count, size_t commit_number)
{
	for (size_t i = 0; i < count; i++) {
		do
			chosen[i] = (size_t)random_below(random, JOBS);
		while (jobs[chosen[i]].last_commit == commit_number);
		jobs[chosen[i]].last_commit = commit_number;
	}
}

static void measure(struct store *store, struct random *random, size_t puts_a_commit, double seconds)
{
	static size_t commit_number;
	size_t commits = 0;
	double start = now_s(), slowest = 0, before = start, now = start;
	for (; now - start < seconds; before = now, commits++) {
		choose(random, puts_a_commit, ++commit_number);
		commit_chosen(store, puts_a_commit);
		now = now_s();
		slowest = now - before > slowest ? now - before : slowest;
	}
	double took = now - start;
	printf("%12zu %14.0f %14.0f %14.1f\n", puts_a_commit, (double)commits / took,
	       (double)(commits * puts_a_commit) / took, slowest * 1000);
	fflush(stdout);
}

static void bench(const char *url, double seconds)
{
	static const size_t sizes[] = {1, 16, 64, 256, 1024};
	struct fault fault;
	struct store *store;
	struct random random;
	random_start_from(&random, 1);
	if (store_open(url, &store, &fault) != ERR_OK)
		leave("open", fault.text);
	create_jobs(store);
	printf("%s store\n%12s %14s %14s %14s\n", store->class->kind, "puts/commit", "commits/s", "updates/s",
	       "slowest ms");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		measure(store, &random, sizes[i], seconds);
	store_close(store);
}

static void measure_syncs(const char *folder, double seconds)
{
	char path[4200];
	static char page[PAGE_BYTES] = "page";
	snprintf(path, sizeof path, "%s/pages", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	size_t syncs = 0;
	double start = now_s(), now = start;
	for (; fd >= 0 && now - start < seconds; now = now_s(), syncs++)
		if (pwrite(fd, page, sizeof page, (off_t)(syncs % SYNC_PAGES) * PAGE_BYTES) < 0 || fdatasync(fd) != 0)
			leave("sync", path);
	if (fd < 0)
		leave("open", path);
	close(fd);
	unlink(path);
	printf("fdatasync of one page: %.0f a second\n", (double)syncs / (now - start));
}

int main(int argc, char **argv)
{
	char folder[4096], path[4200];
	double seconds = argc > 2 ? atof(argv[2]) : 3;
	snprintf(folder, sizeof folder, "%s/bench_store.XXXXXX", argc > 1 ? argv[1] : "/tmp");
	if (mkdtemp(folder) == NULL)
		leave("make folder", folder);
	measure_syncs(folder, seconds);
	snprintf(path, sizeof path, "file:%s/bench.db", folder);
	bench(path, seconds);
	bench("memory:", seconds);
	snprintf(path, sizeof path, "%s/bench.db", folder);
	unlink(path);
	snprintf(path, sizeof path, "%s/bench.db.lock", folder);
	unlink(path);
	rmdir(folder);
	return 0;
}
