/* The table of stages: the rows come from the generated include file, so a new stage needs no change here. */
#include "job/stages.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct stage stages[] = {
#define STAGE(NAME, number, status, start, end, typical_s, label, FLOW, ENDS_AS)                                       \
	{number, status, label, start, end, typical_s, STAGE_FLOW_##FLOW, JOB_STATE_##ENDS_AS},
#include <progress/v1/stages.inc>
#undef STAGE
};

enum { STAGE_COUNT = sizeof stages / sizeof *stages };

const struct stage *stages_all(void)
{
	return stages;
}

size_t stages_count(void)
{
	return STAGE_COUNT;
}

const struct stage *stages_find(int number)
{
	/* Nearly always the numbers follow the order. */
	if (number >= 1 && number <= STAGE_COUNT && stages[number - 1].number == number)
		return &stages[number - 1];
	for (size_t i = 0; i < STAGE_COUNT; i++)
		if (stages[i].number == number)
			return &stages[i];
	return NULL;
}

const struct stage *stages_find_status(const char *status)
{
	for (size_t i = 0; i < STAGE_COUNT; i++)
		if (strcasecmp(stages[i].status, status) == 0)
			return &stages[i];
	return NULL;
}

/* Room for every status of at most 64 letters. */
static char status_list[STAGE_COUNT * 66];
static pthread_once_t status_list_once = PTHREAD_ONCE_INIT;

static void write_status_list(void)
{
	size_t length = 0;
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		int written =
		    snprintf(status_list + length, sizeof status_list - length, "%s%s", i > 0 ? ", " : "", stages[i].status);
		assert(written > 0 && (size_t)written < sizeof status_list - length);
		length += (size_t)written;
	}
}

const char *stages_status_list(void)
{
	pthread_once(&status_list_once, write_status_list);
	return status_list;
}

bool stages_is_before(const struct stage *a, const struct stage *b)
{
	assert(a >= stages && a < stages + STAGE_COUNT && b >= stages && b < stages + STAGE_COUNT);
	return a < b;
}

const char *job_state_name(enum job_state state)
{
	switch (state) {
	case JOB_STATE_ACTIVE:
		return "active";
	case JOB_STATE_STALLED:
		return "stalled";
	case JOB_STATE_SUCCEEDED:
		return "succeeded";
	case JOB_STATE_FAILED:
		return "failed";
	case JOB_STATE_CANCELLED:
		return "cancelled";
	case JOB_STATE_UNSPECIFIED:
		break;
	}
	return "unspecified";
}
