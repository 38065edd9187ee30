/*
 * What the model of progress costs an update in the corridor, as one JSON object: the times of updates of jobs that
 * have an estimate and of jobs that have none, one of each by turns, on the memory store, in ns of processor time.
 *
 *     bench_estimate [COUNT]
 *
 * There is no such thing as a job without an estimate: here the linker puts a switch in front of the two functions by
 * which the corridor lets the model follow a job. Time is made up: a job reports every four seconds, 40 times in each
 * of five stages, and completes; then the model learns from it and another one begins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "service/corridor.h"

enum { JOBS = 500, REPORTS_A_STAGE = 40, STAGES = 5, PAUSE_MS = 4000, ID_BYTES = 48, LANES = 2, START_MS = 1000000 };

static const int stages[STAGES] = {STAGE_DOWNLOADING, STAGE_TRANSCRIBING, STAGE_ANALYZING, STAGE_PROCESSING,
                                   STAGE_UPLOADING_CLIPS};

static bool has_model;

bool __real_pace_follow(struct job *job, const struct job_update *update, const struct learned *learned, double now,
                        struct pace_lesson *ret_lesson);
bool __real_pace_is_behind(const struct job *job);
bool __wrap_pace_follow(struct job *job, const struct job_update *update, const struct learned *learned, double now,
                        struct pace_lesson *ret_lesson);
bool __wrap_pace_is_behind(const struct job *job);

bool __wrap_pace_follow(struct job *job, const struct job_update *update, const struct learned *learned, double now,
                        struct pace_lesson *ret_lesson)
{
	return has_model && __real_pace_follow(job, update, learned, now, ret_lesson);
}

bool __wrap_pace_is_behind(const struct job *job)
{
	return has_model && __real_pace_is_behind(job);
}

static void leave(const char *text)
{
	fprintf(stderr, "bench_estimate: %s\n", text);
	exit(1);
}

static void on_data_loss(const struct fault *fault)
{
	leave(fault->text);
}

static uint32_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* others may share the machine */
	return (uint32_t)(now.tv_sec * 1000000000LL + now.tv_nsec);
}

/* The update number `turn` of a job that reports, completes, and is followed by another one. */
static struct command *make_update(int lane, long job, long turn)
{
	static const long turns = STAGES * REPORTS_A_STAGE + 1;
	char job_id[ID_BYTES];
	snprintf(job_id, sizeof job_id, "lane-%d-job-%ld-life-%ld", lane, job, turn / turns);
	struct command *command = command_create_own(COMMAND_UPDATE, job_id);
	if (command == NULL)
		leave("no memory");
	long place = turn % turns;
	bool is_end = place == turns - 1;
	command->update = (struct job_update){
	    .stage = stages_find(is_end ? STAGE_COMPLETED : stages[place / REPORTS_A_STAGE]),
	    .claim = is_end ? JOB_CLAIM_STAGE : JOB_CLAIM_FRACTION,
	    .fraction = (double)(place % REPORTS_A_STAGE) / REPORTS_A_STAGE,
	    .message = "a frame like any other",
	};
	return command;
}

static uint32_t carry_out(struct corridor *corridor, struct command *command, struct moment now)
{
	struct list commands;
	list_init(&commands);
	list_append(&commands, &command->link);
	uint32_t start = now_ns();
	corridor_run(corridor, &commands, now);
	return now_ns() - start;
}

static void measure(struct corridor *corridor, long count, uint32_t *durations[LANES])
{
	for (long i = 0; i < count; i++)
		for (int lane = 0; lane < LANES; lane++) {
			int64_t at_ms = START_MS + i * PAUSE_MS / JOBS;
			has_model = lane == 1;
			struct command *command = make_update(lane, i % JOBS, i / JOBS);
			durations[lane][i] = carry_out(corridor, command, (struct moment){at_ms, at_ms});
		}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static void show(const char *name, uint32_t *durations, long count)
{
	double sum = 0;
	for (long i = 0; i < count; i++)
		sum += durations[i];
	qsort(durations, (size_t)count, sizeof *durations, compare);
	printf("\"%s\": {\"mean\": %.0f, \"p50\": %u, \"p99\": %u, \"p999\": %u}", name, sum / (double)count,
	       durations[count / 2], durations[count * 99 / 100], durations[count * 999 / 1000]);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 400000;
	struct corridor *corridor = malloc(sizeof *corridor);
	uint32_t *durations[LANES] = {calloc((size_t)count, sizeof(uint32_t)), calloc((size_t)count, sizeof(uint32_t))};
	struct corridor_options options = {.default_ttl_ms = INT64_C(1) << 40,
	                                   .cached_jobs_max = 32768,
	                                   .movers = {.step_points = 0.5, .interval_ms = 250},
	                                   .on_data_loss = on_data_loss};
	struct moment start = {START_MS, START_MS};
	struct store *store;
	struct feed feed;
	struct fault fault;
	if (count <= 0 || corridor == NULL || durations[0] == NULL || durations[1] == NULL)
		leave("a count above 0, and memory, are needed");
	if (store_open("memory:", &store, &fault) != ERR_OK)
		leave(fault.text);
	feed_init(&feed, &feed_history_limits_default);
	corridor_init(corridor, store, &feed, &options);
	if (corridor_adopt(corridor, start, &fault) != ERR_OK)
		leave(fault.text);
	measure(corridor, count, durations);
	printf("{");
	show("without", durations[0], count);
	printf(", ");
	show("with", durations[1], count);
	puts("}");
	corridor_finish(corridor);
	feed_finish(&feed);
	store_close(store);
	free(corridor);
	free(durations[0]);
	free(durations[1]);
	return 0;
}
