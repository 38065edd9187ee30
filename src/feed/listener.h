/* Somebody who is told of every change after it is committed: the door that publishes events. */
#ifndef FEED_LISTENER_H
#define FEED_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct feed;

struct feed_listener {
	struct list link; /* of the feed */
	/* Whether it wants to be told of changes now; NULL: always. Same thread as `tell`. */
	bool (*is_listening)(const struct feed_listener *listener);
	/* Gets a serialized progress.v1.ProgressEvent, borrowed for the call. Called in order, by one thread at a time.
	 * Must not block. */
	void (*tell)(struct feed_listener *listener, const char *job_id, const uint8_t *event, size_t event_bytes);
};

/* Adds or removes a listener; before the first change and after the last one only. */
void feed_add_listener(struct feed *feed, struct feed_listener *listener);
void feed_remove_listener(struct feed *feed, struct feed_listener *listener);

#endif
