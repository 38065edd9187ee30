/* One thread that waits for all sockets and carries bytes from the one to the other of each pair. */
#include "proxy.h"

#include <arpa/inet.h>
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BYTES_MAX = 65536, GARBAGE_BYTES_MAX = 200 };

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return address;
}

static void close_pair(struct proxy_pair *pair)
{
	close(pair->client);
	close(pair->server);
	pair->client = pair->server = -1;
}

static void accept_pair(struct proxy *proxy)
{
	struct sockaddr_un address = address_of(proxy->server_path);
	int client = accept(proxy->listener, NULL, NULL), server = socket(AF_UNIX, SOCK_STREAM, 0);
	struct proxy_pair *pair = proxy->pairs;
	while (pair < proxy->pairs + PROXY_PAIRS_MAX && pair->client >= 0)
		pair++;
	assert(pair < proxy->pairs + PROXY_PAIRS_MAX && client >= 0 && server >= 0);
	*pair = (struct proxy_pair){client, server};
	if (connect(server, (struct sockaddr *)&address, sizeof address) != 0)
		close_pair(pair);
}

static void send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
		if (sent <= 0)
			return; /* the other side is gone, which the next read tells */
		bytes += sent;
		length -= (size_t)sent;
	}
}

static void pass_requests(struct proxy *proxy, struct proxy_pair *pair)
{
	char bytes[BYTES_MAX];
	ssize_t length = read(pair->client, bytes, sizeof bytes);
	if (length <= 0 || atomic_load(&proxy->mode) == PROXY_CLOSE)
		close_pair(pair);
	else
		send_all(pair->server, bytes, (size_t)length);
}

static void send_garbage(struct proxy *proxy, int client)
{
	static const char starts[] = "+-:$*$*$*";
	char bytes[GARBAGE_BYTES_MAX];
	size_t length = 1 + random_below(&proxy->random, sizeof bytes - 1);
	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)random_below(&proxy->random, 256);
	bytes[0] = starts[random_below(&proxy->random, sizeof starts - 1)];
	for (size_t i = 1; i < length && i < 4; i++)
		bytes[i] = (char)('0' + random_below(&proxy->random, 10));
	if (length > 5)
		memcpy(bytes + 4, "\r\n", 2);
	send_all(client, bytes, length);
}

static void pass_answers(struct proxy *proxy, struct proxy_pair *pair)
{
	char bytes[BYTES_MAX];
	ssize_t length = read(pair->server, bytes, sizeof bytes);
	if (length <= 0) {
		close_pair(pair);
		return;
	}
	switch (atomic_load(&proxy->mode)) {
	case PROXY_CUT_ONCE:
		atomic_store(&proxy->mode, PROXY_PASS);
		close_pair(pair);
		break;
	case PROXY_SILENT:
		break;
	case PROXY_GARBAGE:
		send_garbage(proxy, pair->client);
		break;
	case PROXY_SAY:
		send_all(pair->client, proxy->said, strlen(proxy->said));
		break;
	case PROXY_MUTATE:
		for (int i = 0; i < 3; i++)
			bytes[random_below(&proxy->random, (uint64_t)length)] = (char)random_below(&proxy->random, 256);
		send_all(pair->client, bytes, (size_t)length);
		break;
	default:
		send_all(pair->client, bytes, (size_t)length);
		break;
	}
}

/* Waits and serves once. Returns whether to go on. */
static int serve(struct proxy *proxy)
{
	struct pollfd sockets[2 + 2 * PROXY_PAIRS_MAX] = {
	    {.fd = proxy->stop[0], .events = POLLIN},
	    {.fd = proxy->listener, .events = POLLIN},
	};
	for (int i = 0; i < PROXY_PAIRS_MAX; i++) {
		sockets[2 + 2 * i] = (struct pollfd){.fd = proxy->pairs[i].client, .events = POLLIN};
		sockets[3 + 2 * i] = (struct pollfd){.fd = proxy->pairs[i].server, .events = POLLIN};
	}
	poll(sockets, sizeof sockets / sizeof *sockets, -1);
	for (int i = 0; i < PROXY_PAIRS_MAX; i++) {
		struct proxy_pair *pair = &proxy->pairs[i];
		if (sockets[2 + 2 * i].revents != 0)
			pass_requests(proxy, pair);
		if (sockets[3 + 2 * i].revents != 0 && pair->client >= 0)
			pass_answers(proxy, pair);
	}
	if (sockets[1].revents != 0)
		accept_pair(proxy);
	return sockets[0].revents == 0;
}

static void *run(void *context)
{
	while (serve(context))
		continue;
	return NULL;
}

/* Serves who comes to the listener. */
static void start(struct proxy *proxy, const char *server_path)
{
	snprintf(proxy->server_path, sizeof proxy->server_path, "%s", server_path);
	atomic_init(&proxy->mode, PROXY_PASS);
	random_start(&proxy->random, "proxy");
	for (int i = 0; i < PROXY_PAIRS_MAX; i++)
		proxy->pairs[i] = (struct proxy_pair){-1, -1};
	int listening = listen(proxy->listener, PROXY_PAIRS_MAX);
	int piped = pipe(proxy->stop);
	assert(listening == 0 && piped == 0);
	int started = pthread_create(&proxy->thread, NULL, run, proxy);
	assert(started == 0);
}

void proxy_start(struct proxy *proxy, const char *path, const char *server_path)
{
	snprintf(proxy->path, sizeof proxy->path, "%s", path);
	struct sockaddr_un address = address_of(path);
	proxy->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	int bound = bind(proxy->listener, (struct sockaddr *)&address, sizeof address);
	assert(bound == 0);
	start(proxy, server_path);
}

int proxy_start_on_port(struct proxy *proxy, const char *server_path)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	proxy->path[0] = '\0';
	proxy->listener = socket(AF_INET, SOCK_STREAM, 0);
	int bound = bind(proxy->listener, (struct sockaddr *)&address, sizeof address);
	assert(bound == 0);
	getsockname(proxy->listener, (struct sockaddr *)&address, &length);
	start(proxy, server_path);
	return ntohs(address.sin_port);
}

void proxy_stop(struct proxy *proxy)
{
	ssize_t written = write(proxy->stop[1], "x", 1);
	assert(written == 1);
	pthread_join(proxy->thread, NULL);
	for (int i = 0; i < PROXY_PAIRS_MAX; i++)
		if (proxy->pairs[i].client >= 0)
			close_pair(&proxy->pairs[i]);
	close(proxy->listener);
	close(proxy->stop[0]);
	close(proxy->stop[1]);
	if (*proxy->path != '\0')
		unlink(proxy->path);
}
