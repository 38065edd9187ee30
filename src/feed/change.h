/* A committed change of a job, as the feed is told of it. */
#ifndef FEED_CHANGE_H
#define FEED_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a filter asks about a change. No string is NULL. */
struct feed_facts {
	const char *job_id;
	const char *pipeline;
	const char *parent;
	int state; /* after the change; numbers as in the schema */
	int stage;
	int previous_state; /* before it; 0: the job is new */
	int previous_stage;
};

/* Borrowed. */
struct feed_change {
	struct feed_facts facts;
	uint64_t revision;
	int64_t row;          /* the store's number for the job */
	int64_t told_ms;      /* steady */
	bool is_end;          /* the job reached a final state */
	bool is_removal;      /* the job is gone */
	const uint8_t *event; /* serialized progress.v1.ProgressEvent */
	size_t event_bytes;
};

#endif
