/* One change at a time. */
#include "arrival.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "race.h"

const char *arrival_option(int argc, char **argv, const char *name)
{
	for (int i = 1; i + 1 < argc; i += 2)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return NULL;
}

void arrival_init(struct arrival *arrival, int argc, char **argv)
{
	const char *count = arrival_option(argc, argv, "--count");
	*arrival = (struct arrival){.count = count != NULL ? atol(count) : 20000};
	if (arrival->count < 1) {
		fprintf(stderr, "%s: --count must be at least 1\n", argv[0]);
		exit(2);
	}
	arrival->durations_ns = calloc((size_t)arrival->count, sizeof *arrival->durations_ns);
	if (arrival->durations_ns == NULL)
		exit(1);
	pthread_mutex_init(&arrival->lock, NULL);
	pthread_cond_init(&arrival->is_heard, NULL);
}

void arrival_note(struct arrival *arrival)
{
	int64_t now_ns = race_now_ns();
	pthread_mutex_lock(&arrival->lock);
	if (arrival->heard < arrival->count)
		arrival->durations_ns[arrival->heard++] = now_ns - arrival->called_ns;
	pthread_cond_signal(&arrival->is_heard);
	pthread_mutex_unlock(&arrival->lock);
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
	return (a > b) - (a < b);
}

void arrival_measure(struct arrival *arrival, arrival_call *call, void *context)
{
	for (long number = 0; number < arrival->count; number++) {
		pthread_mutex_lock(&arrival->lock);
		arrival->called_ns = race_now_ns();
		pthread_mutex_unlock(&arrival->lock);
		call(number, context);
		pthread_mutex_lock(&arrival->lock);
		while (arrival->heard <= number)
			pthread_cond_wait(&arrival->is_heard, &arrival->lock);
		pthread_mutex_unlock(&arrival->lock);
	}
	qsort(arrival->durations_ns, (size_t)arrival->count, sizeof *arrival->durations_ns, compare);
	printf("{\"count\":%ld,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", arrival->count,
	       (double)arrival->durations_ns[arrival->count / 2] / 1e3,
	       (double)arrival->durations_ns[arrival->count * 99 / 100] / 1e3);
}
