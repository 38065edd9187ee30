/* Events on their way to subscribers. */
#include <criterion/criterion.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rpc/event_publisher.h"

enum { PATIENCE_S = 20, MANY_EVENTS = 20000 };

static struct event_publisher *publisher;
static const char *url = "tcp://127.0.0.1:0";

static void open_it(void)
{
	struct fault fault = {0};
	enum err err = event_publisher_start(&url, 1, &publisher, &fault);
	cr_assert_eq(err, ERR_OK, "%s", fault.text);
}

static void close_it(void)
{
	event_publisher_stop(publisher);
}

TestSuite(event_publisher, .init = open_it, .fini = close_it, .timeout = 60);

static void tell(const char *job_id, const char *event)
{
	struct feed_listener *listener = event_publisher_listener(publisher);
	listener->tell(listener, job_id, (const uint8_t *)event, strlen(event));
}

static nng_socket subscribe(const char *topic, size_t topic_bytes)
{
	nng_socket socket;
	cr_assert_eq(nng_sub0_open(&socket), 0);
	cr_assert_eq(nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, topic, topic_bytes), 0);
	cr_assert_eq(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 20), 0);
	cr_assert_eq(nng_dial(socket, event_publisher_url(publisher, 0), NULL, 0), 0);
	return socket;
}

/* Tells of the job until the subscriber hears it: a subscription takes effect some time after the connection. */
static nng_msg *tell_until_heard(nng_socket socket, const char *job_id, const char *event)
{
	time_t deadline = time(NULL) + PATIENCE_S;
	nng_msg *message = NULL;
	do {
		tell("other-job", "not for us");
		tell(job_id, event);
	} while (nng_recvmsg(socket, &message, 0) == NNG_ETIMEDOUT && time(NULL) < deadline);
	cr_assert_not_null(message, "nothing was heard");
	return message;
}

Test(event_publisher, sends_topic_nul_and_event)
{
	static const char topic[] = "progress/job-1";
	static const char expected[] = "progress/job-1\0the event";
	nng_socket socket = subscribe(topic, sizeof topic);
	nng_msg *message = tell_until_heard(socket, "job-1", "the event");
	cr_assert_eq(nng_msg_len(message), sizeof expected - 1);
	cr_assert_arr_eq(nng_msg_body(message), expected, sizeof expected - 1);
	nng_msg_free(message);
	nng_close(socket);
}

Test(event_publisher, sends_nothing_about_a_job_whose_name_only_begins_alike)
{
	static const char topic[] = "progress/job-1";
	nng_socket socket = subscribe(topic, sizeof topic);
	for (int i = 0; i < 10; i++)
		tell("job-10", "somebody else's");
	nng_msg *message = tell_until_heard(socket, "job-1", "ours");
	cr_assert_str_eq(nng_msg_body(message), topic);
	nng_msg_free(message);
	nng_close(socket);
}

Test(event_publisher, tells_nobody_without_failing)
{
	for (int i = 0; i < MANY_EVENTS; i++)
		tell("job-1", "unheard");
}

Test(event_publisher, does_not_wait_for_a_subscriber_that_does_not_read)
{
	nng_socket socket = subscribe("", 0);
	nng_msg_free(tell_until_heard(socket, "job-1", "heard"));
	for (int i = 0; i < MANY_EVENTS; i++)
		tell("job-1", "too fast");
	nng_close(socket);
}

Test(event_publisher, serves_the_second_subscriber_after_the_first_has_left)
{
	for (int i = 0; i < 3; i++) {
		nng_socket socket = subscribe("", 0);
		nng_msg_free(tell_until_heard(socket, "job-1", "heard"));
		nng_close(socket);
	}
}

Test(event_publisher_start, says_why_it_cannot_listen)
{
	static const char *const bad = "tcp://127.0.0.1:x";
	struct event_publisher *none = NULL;
	struct fault fault = {0};
	cr_assert_eq(event_publisher_start(&bad, 1, &none, &fault), ERR_INVALID_ARGUMENT);
	cr_assert_null(none);
	cr_assert_not_null(strstr(fault.text, bad));
	event_publisher_stop(none);
}
