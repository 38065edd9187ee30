/* One line says "ready", the next one is the result. */
#include "race.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct race race_parse(int argc, char **argv)
{
	struct race race = {.outstanding = 64, .jobs = 16, .count = 100000};
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--url") == 0)
			race.url = argv[i + 1];
		else if (strcmp(argv[i], "--outstanding") == 0)
			race.outstanding = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--jobs") == 0)
			race.jobs = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--count") == 0)
			race.count = atol(argv[i + 1]);
	}
	if (race.url == NULL || race.outstanding < 1 || race.jobs < 1 || race.count < 1) {
		fprintf(stderr, "usage: %s --url URL [--outstanding N] [--jobs N] [--count N]\n", argv[0]);
		exit(2);
	}
	return race;
}

void race_await_start(void)
{
	printf("ready\n");
	fflush(stdout);
	for (int c = getchar(); c != '\n' && c != EOF;)
		c = getchar();
}

int64_t race_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void race_print(const struct race *race, int64_t start_ns, int64_t end_ns, long failed)
{
	printf("{\"count\":%ld,\"failed\":%ld,\"start_ns\":%lld,\"end_ns\":%lld}\n", race->count, failed,
	       (long long)start_ns, (long long)end_ns);
}
