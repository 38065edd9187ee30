/*
 * Asks for one path over some connections, one request at a time on each, for a while.
 *
 *     bench_http PORT PATH CONNECTIONS SECONDS
 *
 * Prints {"requests_per_second": …, "p50_us": …, "p99_us": …, "failed": …, "body_bytes": …}.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, ANSWER_BYTES_MAX = 65536, TIMES_MAX = 1 << 24 };

struct connection {
	int socket_fd;
	size_t got;
	int64_t asked_ns;
	char answer[ANSWER_BYTES_MAX];
};

static struct connection connections[CONNECTIONS_MAX];
static float *times_us;
static size_t time_count, failed, body_bytes;
static char request[1024];

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void ask(struct connection *connection)
{
	connection->got = 0;
	connection->asked_ns = now_ns();
	if (send(connection->socket_fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		fail("send");
}

/* Whether the whole answer has come. */
static bool is_whole(const struct connection *connection)
{
	const char *end = memmem(connection->answer, connection->got, "\r\n\r\n", 4);
	const char *length = end != NULL ? memmem(connection->answer, connection->got, "Content-Length: ", 16) : NULL;
	if (length == NULL)
		return false;
	body_bytes = strtoul(length + 16, NULL, 10);
	return connection->got >= (size_t)(end - connection->answer) + 4 + body_bytes;
}

static void take(struct connection *connection)
{
	ssize_t length = recv(connection->socket_fd, connection->answer + connection->got,
	                      sizeof connection->answer - connection->got - 1, 0);
	if (length <= 0)
		fail("recv");
	connection->got += (size_t)length;
	connection->answer[connection->got] = '\0';
	if (!is_whole(connection))
		return;
	failed += memcmp(connection->answer, "HTTP/1.1 200", 12) != 0;
	if (time_count < TIMES_MAX)
		times_us[time_count++] = (float)(now_ns() - connection->asked_ns) / 1000;
	ask(connection);
}

static void open_connection(struct connection *connection, int port, int poll_fd)
{
	int on = 1;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connection->socket_fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(connection->socket_fd, (struct sockaddr *)&address, sizeof address) != 0)
		fail("connect");
	setsockopt(connection->socket_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
	epoll_ctl(poll_fd, EPOLL_CTL_ADD, connection->socket_fd, &event);
	ask(connection);
}

static int compare(const void *left, const void *right)
{
	float a = *(const float *)left, b = *(const float *)right;
	return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
	if (argc != 5 || atoi(argv[3]) < 1 || atoi(argv[3]) > CONNECTIONS_MAX)
		return 2;
	int port = atoi(argv[1]), count = atoi(argv[3]), poll_fd = epoll_create1(0);
	double seconds = atof(argv[4]);
	times_us = malloc(TIMES_MAX * sizeof *times_us);
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n", argv[2]);
	for (int i = 0; i < count; i++)
		open_connection(&connections[i], port, poll_fd);
	int64_t started_ns = now_ns();
	while (now_ns() - started_ns < (int64_t)(seconds * 1e9)) {
		struct epoll_event events[64];
		int ready = epoll_wait(poll_fd, events, 64, 1000);
		for (int i = 0; i < ready; i++)
			take(events[i].data.ptr);
	}
	double elapsed = (double)(now_ns() - started_ns) / 1e9;
	qsort(times_us, time_count, sizeof *times_us, compare);
	if (time_count == 0)
		return 1;
	printf(
	    "{\"requests_per_second\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"failed\": %zu, \"body_bytes\": %zu}\n",
	    (double)time_count / elapsed, times_us[time_count / 2], times_us[time_count * 99 / 100], failed, body_bytes);
	return 0;
}
