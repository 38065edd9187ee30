/* The events door: NNG PUB. A hint for trusted readers: topic "progress/<job_id>", NUL, serialized ProgressEvent. Never
 * blocks; a subscriber that is too slow loses the oldest events and sees it by previous_revision. */
#ifndef RPC_EVENT_PUBLISHER_H
#define RPC_EVENT_PUBLISHER_H

#include <stddef.h>

#include "base/err.h"
#include "feed/listener.h"

struct event_publisher;

/* Starts to listen on all URLs. Errors as rpc_server_start. */
enum err event_publisher_start(const char *const *urls, size_t url_count, struct event_publisher **ret_publisher,
                               struct fault *fault) MUST_USE;

/* The listener to add to the feed. Borrowed. */
struct feed_listener *event_publisher_listener(struct event_publisher *publisher);

/* The address that URL number `index` is bound to. Borrowed. */
const char *event_publisher_url(const struct event_publisher *publisher, size_t index);

/* Closes everything; accepts NULL. */
void event_publisher_stop(struct event_publisher *publisher);

#endif
