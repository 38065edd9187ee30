/* Decides how changes are told to subscribers: never waiting, and not at all while nobody listens. */
#include "rpc/event_publisher.h"

#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/listen.h"
#include "rpc/nng_repairs.h"

enum {
	EVENTS_QUEUED_MAX = 8192,  /* for each subscriber; the most that NNG allows */
	RECEIVED_BYTES_MAX = 1024, /* subscribers have nothing to say */
};

static const char TOPIC_PREFIX[] = "progress/";

struct event_publisher {
	struct feed_listener listener;
	nng_socket socket;
	struct listen_point *points;
	size_t point_count;
	atomic_int subscriber_count;
};

static void on_connect(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
	struct event_publisher *publisher = argument;
	(void)pipe;
	(void)event;
	atomic_fetch_add(&publisher->subscriber_count, 1);
}

static void on_disconnect(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
	struct event_publisher *publisher = argument;
	(void)pipe;
	(void)event;
	atomic_fetch_sub(&publisher->subscriber_count, 1);
}

/* An event that cannot be told for want of memory is lost like one in a full queue: the next one's previous_revision
 * shows it. */
static void tell(struct feed_listener *listener, const char *job_id, const uint8_t *event, size_t event_bytes)
{
	struct event_publisher *publisher = LIST_MEMBER(listener, struct event_publisher, listener);
	if (atomic_load(&publisher->subscriber_count) == 0)
		return;
	size_t prefix_bytes = strlen(TOPIC_PREFIX);
	size_t id_bytes = strlen(job_id) + 1;
	nng_msg *message;
	if (nng_msg_alloc(&message, prefix_bytes + id_bytes + event_bytes) != 0)
		return;
	uint8_t *body = nng_msg_body(message);
	memcpy(body, TOPIC_PREFIX, prefix_bytes);
	memcpy(body + prefix_bytes, job_id, id_bytes);
	memcpy(body + prefix_bytes + id_bytes, event, event_bytes);
	if (nng_sendmsg(publisher->socket, message, NNG_FLAG_NONBLOCK) != 0)
		nng_msg_free(message);
}

static int open_socket(struct event_publisher *publisher)
{
	nng_repairs_require();
	int code = nng_pub0_open(&publisher->socket);
	if (code == 0)
		code = nng_socket_set_int(publisher->socket, NNG_OPT_SENDBUF, EVENTS_QUEUED_MAX);
	if (code == 0)
		code = nng_socket_set_size(publisher->socket, NNG_OPT_RECVMAXSZ, RECEIVED_BYTES_MAX);
	if (code == 0)
		code = nng_pipe_notify(publisher->socket, NNG_PIPE_EV_ADD_PRE, on_connect, publisher);
	if (code == 0)
		code = nng_pipe_notify(publisher->socket, NNG_PIPE_EV_REM_POST, on_disconnect, publisher);
	return code;
}

enum err event_publisher_start(const char *const *urls, size_t url_count, struct event_publisher **ret_publisher,
                               struct fault *fault)
{
	struct event_publisher *publisher = calloc(1, sizeof *publisher);
	if (publisher == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory to publish events");
	list_init(&publisher->listener.link);
	publisher->listener.tell = tell;
	enum err err = ERR_OK;
	int code = open_socket(publisher);
	if (code != 0)
		err = fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_SOCKET", "no socket to publish events: %s",
		                nng_strerror(code));
	else
		err = rpc_listen(publisher->socket, urls, url_count, &publisher->points, fault);
	if (err != ERR_OK) {
		event_publisher_stop(publisher);
		return err;
	}
	publisher->point_count = url_count;
	*ret_publisher = publisher;
	return ERR_OK;
}

struct feed_listener *event_publisher_listener(struct event_publisher *publisher)
{
	return &publisher->listener;
}

const char *event_publisher_url(const struct event_publisher *publisher, size_t index)
{
	assert(index < publisher->point_count);
	return publisher->points[index].url;
}

void event_publisher_stop(struct event_publisher *publisher)
{
	if (publisher == NULL)
		return;
	nng_close(publisher->socket);
	free(publisher->points);
	free(publisher);
}
