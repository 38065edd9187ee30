/* prg bench: how many calls a second the service answers, and how long one takes. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "fail.h"
#include "show.h"
#include "times.h"

enum { COUNT_DEFAULT = 10000, OUTSTANDING_DEFAULT = 16, JOB_NAME_BYTES = 64, WARM_UP = 20 };

/* One of the things to measure. */
struct trial {
	const char *name;
	enum prg_code (*call)(struct prg_client *client, const char *job, long number, long count);
};

struct bench {
	struct prg_client *client;
	const struct trial *trial;
	long count;
	atomic_long next;  /* number of the next call */
	float *latencies;  /* seconds, one for each call */
	atomic_int broken; /* the code of a call that failed */
	pthread_mutex_t lock;
	char error[512]; /* text of the first failure, under the lock */
};

struct caller {
	struct bench *bench;
	pthread_t thread;
	char job[JOB_NAME_BYTES];
};

static enum prg_code call_get(struct prg_client *client, const char *job, long number, long count)
{
	(void)number, (void)count;
	struct prg_progress *progress;
	enum prg_code code = prg_get_progress(client, job, &progress);
	if (code == PRG_OK)
		prg_progress_free(progress);
	return code;
}

static enum prg_code call_update(struct prg_client *client, const char *job, long number, long count)
{
	return prg_update_progress_incremental(client, job, PRG_STAGE_DOWNLOADING, (double)number, (double)count, NULL,
	                                       NULL);
}

static void note_failure(struct bench *bench, enum prg_code code)
{
	pthread_mutex_lock(&bench->lock);
	if (atomic_load(&bench->broken) == PRG_OK)
		snprintf(bench->error, sizeof(bench->error), "%s", prg_error());
	atomic_store(&bench->broken, (int)code);
	pthread_mutex_unlock(&bench->lock);
}

static void *call_repeatedly(void *context)
{
	struct caller *caller = context;
	struct bench *bench = caller->bench;
	long number;
	while ((number = atomic_fetch_add(&bench->next, 1)) < bench->count && atomic_load(&bench->broken) == PRG_OK) {
		double start = times_steady_seconds();
		enum prg_code code = bench->trial->call(bench->client, caller->job, number, bench->count);
		bench->latencies[number] = (float)(times_steady_seconds() - start);
		if (code != PRG_OK)
			note_failure(bench, code);
	}
	return NULL;
}

static int compare(const void *left, const void *right)
{
	float difference = *(const float *)left - *(const float *)right;
	return difference < 0 ? -1 : difference > 0;
}

static void print_result(struct bench *bench, double seconds, int outstanding, bool as_json)
{
	qsort(bench->latencies, (size_t)bench->count, sizeof(bench->latencies[0]), compare);
	double p50_ms = 1000.0 * (double)bench->latencies[bench->count / 2];
	double p99_ms = 1000.0 * (double)bench->latencies[bench->count - 1 - bench->count / 100];
	double rate = (double)bench->count / seconds;
	if (!as_json) {
		printf("%-7s %9.0f calls/s   p50 %8.3f ms   p99 %8.3f ms   (%ld calls, %d outstanding)\n", bench->trial->name,
		       rate, p50_ms, p99_ms, bench->count, outstanding);
		return;
	}
	struct json json = {0};
	json_begin(&json, NULL);
	json_string(&json, "call", bench->trial->name);
	json_integer(&json, "count", bench->count);
	json_integer(&json, "outstanding", outstanding);
	json_number(&json, "calls_per_second", round(rate));
	json_number(&json, "p50_ms", round(p50_ms * 1000) / 1000);
	json_number(&json, "p99_ms", round(p99_ms * 1000) / 1000);
	json_end(&json);
	show_print_json(&json);
}

/* Runs the callers until all calls are made; returns how long that took. */
static double run_callers(struct bench *bench, struct caller *callers, int outstanding)
{
	atomic_store(&bench->next, 0);
	double start = times_steady_seconds();
	int started = 0;
	while (started < outstanding &&
	       pthread_create(&callers[started].thread, NULL, call_repeatedly, &callers[started]) == 0)
		started++;
	if (started == 0)
		call_repeatedly(&callers[0]);
	for (int i = 0; i < started; i++)
		pthread_join(callers[i].thread, NULL);
	return times_steady_seconds() - start;
}

static int measure_all(struct bench *bench, struct caller *callers, int outstanding, bool as_json)
{
	static const struct trial trials[] = {{"update", call_update}, {"get", call_get}};
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		bench->trial = &trials[i];
		double seconds = run_callers(bench, callers, outstanding);
		if (atomic_load(&bench->broken) != PRG_OK)
			return fail_with((enum prg_code)atomic_load(&bench->broken), bench->error);
		print_result(bench, seconds, outstanding, as_json);
	}
	return EXIT_DONE;
}

/* Each caller has a job of its own, made before and deleted after. */
static enum prg_code make_jobs(struct prg_client *client, struct bench *bench, struct caller *callers, int outstanding)
{
	enum prg_code code = PRG_OK;
	for (int i = 0; i < outstanding && code == PRG_OK; i++) {
		callers[i].bench = bench;
		snprintf(callers[i].job, sizeof(callers[i].job), "prg-bench-%ld-%lld-%d", (long)getpid(),
		         (long long)times_wall_ms(), i);
		code = prg_update_progress(client, callers[i].job, PRG_STAGE_DOWNLOADING, NULL, NULL);
	}
	for (int i = 0; i < WARM_UP && code == PRG_OK; i++)
		code = call_get(client, callers[0].job, 0, 1);
	return code;
}

static int run(struct command_call *call)
{
	int outstanding = call->options->outstanding > 0 ? call->options->outstanding : OUTSTANDING_DEFAULT;
	struct bench bench = {.client = call->client, .count = call->options->count};
	bench.count = bench.count > 0 ? bench.count : COUNT_DEFAULT;
	bench.latencies = text_must_have(calloc((size_t)bench.count, sizeof(bench.latencies[0])));
	struct caller *callers = text_must_have(calloc((size_t)outstanding, sizeof(callers[0])));
	pthread_mutex_init(&bench.lock, NULL);
	enum prg_code code = make_jobs(call->client, &bench, callers, outstanding);
	int status = code != PRG_OK ? (int)fail_call(code) : measure_all(&bench, callers, outstanding, call->options->json);
	for (int i = 0; i < outstanding && callers[i].job[0] != '\0' && status != EXIT_UNREACHABLE; i++)
		prg_delete_job(call->client, callers[i].job);
	pthread_mutex_destroy(&bench.lock);
	free(callers);
	free(bench.latencies);
	return status;
}

const struct command command_bench = {
    .name = "bench",
    .arguments = "",
    .summary = "measure the service",
    .description =
        "Makes N updates, then N reads, from as many threads as calls are to be outstanding, each with a job\n"
        "of its own, and prints calls a second and how long a call takes: the median and the slowest of\n"
        "99 %. The jobs are deleted afterwards. Default: 10,000 calls, 16 outstanding.\n",
    .example = "  prg bench --count 50000 --outstanding 64\n",
    .exits = "",
    .options = OPTION_COUNT | OPTION_OUTSTANDING,
    .arguments_min = 0,
    .arguments_max = 0,
    .run = run,
};
