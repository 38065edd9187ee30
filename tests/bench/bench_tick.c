/*
 * What a reporter's tick costs in a loop, beside one relaxed store: the best of several runs, in nanoseconds, as one
 * JSON object.
 *
 *     bench_tick [URL]
 */
#include <prg/prg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { TICKS = 50000000, RUNS = 7 };

static _Atomic uint64_t place;

static double now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double time_store(void)
{
	double start = now_ns();
	for (uint64_t i = 0; i < TICKS; i++)
		atomic_store_explicit(&place, i, memory_order_relaxed);
	return (now_ns() - start) / TICKS;
}

static double time_tick(struct prg_reporter *reporter)
{
	double start = now_ns();
	for (uint64_t i = 0; i < TICKS; i++)
		prg_reporter_tick(reporter, i);
	return (now_ns() - start) / TICKS;
}

static void keep_best(double *best, double value)
{
	if (*best == 0 || value < *best)
		*best = value;
}

int main(int argc, char **argv)
{
	struct prg_client *client;
	struct prg_reporter *reporter;
	if (prg_open(argc > 1 ? argv[1] : NULL, NULL, &client) != PRG_OK ||
	    prg_reporter_start(client, "bench-tick", PRG_STAGE_TRANSCRIBING, TICKS, NULL, &reporter) != PRG_OK) {
		fprintf(stderr, "bench_tick: %s\n", prg_error());
		return 1;
	}
	double tick_ns = 0, store_ns = 0;
	for (int run = 0; run < RUNS; run++) {
		keep_best(&store_ns, time_store());
		keep_best(&tick_ns, time_tick(reporter));
	}
	printf("{\"tick_ns\":%.3f,\"store_ns\":%.3f}\n", tick_ns, store_ns);
	prg_reporter_finish(reporter, NULL);
	prg_close(client);
	return 0;
}
