/* Messages put together from parts that are serialized already. All fill ret_bytes from the arena; RESOURCE_EXHAUSTED:
 * it is full. */
#ifndef WIRE_COMPOSE_H
#define WIRE_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "wire/open.h"

/* The answer of every method about one job: progress_info as field 1, and a number (an outcome, timed_out; 0: none) as
 * field 2. */
enum err compose_answer(struct wire_bytes info, int64_t number, struct arena *arena, struct wire_bytes *ret_bytes,
                        struct fault *fault) MUST_USE;

/* A serialized message with progress_info put before it as field 1. */
enum err compose_with_info(struct wire_bytes info, struct wire_bytes rest, struct arena *arena,
                           struct wire_bytes *ret_bytes, struct fault *fault) MUST_USE;

/* A progress.v1.ProgressEvent. `kind` is a number of EventKind; previous_revision is 0 for a new job; traceparent may
 * be NULL. */
enum err compose_event(struct wire_bytes info, uint64_t previous_revision, int kind, const char *traceparent,
                       struct arena *arena, struct wire_bytes *ret_bytes, struct fault *fault) MUST_USE;

/* One part of a page. */
struct compose_part {
	struct wire_bytes bytes;
	uint64_t merged; /* of an event: how many changes before it were left out, its field 4 */
};

/* A page of parts as field 1, where the next one begins as field 2, and a flag as field 3: ListJobsResponse,
 * WatchProgressResponse, WatchJobsResponse. */
enum err compose_page(const struct compose_part *parts, size_t count, const char *token, bool flag, struct arena *arena,
                      struct wire_bytes *ret_bytes, struct fault *fault) MUST_USE;

/* The result of one update of a batch. */
struct compose_result {
	int code;
	const char *message; /* NULL: empty */
	const char *reason;  /* NULL: empty */
	struct wire_bytes info;
	int outcome;
	uint64_t revision;
	bool cancel_requested;
};

/* BatchUpdateProgressResponse. */
enum err compose_results(const struct compose_result *results, size_t count, struct arena *arena,
                         struct wire_bytes *ret_bytes, struct fault *fault) MUST_USE;

#endif
