/* Scalability protocols over ipc: 8 bytes of greeting each way, then messages: 1, the length in 8 bytes, the body. */
#include "sp_server.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "must.h"

enum { ID_BYTES = 4, HEADER_BYTES = 9, BODY_BYTES_MAX = 8 << 20 };

static bool read_all(int fd, void *out, size_t length)
{
	for (size_t got = 0; got < length;) {
		ssize_t more = recv(fd, (char *)out + got, length - got, 0);
		if (more <= 0)
			return false;
		got += (size_t)more;
	}
	return true;
}

static bool send_all(int fd, const void *bytes, size_t length)
{
	for (size_t sent = 0; sent < length;) {
		ssize_t more = send(fd, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);
		if (more <= 0)
			return false;
		sent += (size_t)more;
	}
	return true;
}

static bool greet(int fd)
{
	static const uint8_t greeting_of_rep[8] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
	uint8_t greeting[8];
	return send_all(fd, greeting_of_rep, 8) && read_all(fd, greeting, 8);
}

static void append_request(struct sp_server *server, struct sp_request *request)
{
	pthread_mutex_lock(&server->lock);
	struct sp_request **end = &server->first;
	while (*end != NULL)
		end = &(*end)->next;
	*end = request;
	pthread_cond_signal(&server->arrived);
	pthread_mutex_unlock(&server->lock);
}

/* The next message of the connection; NULL: it is over. */
static struct sp_request *read_request(struct sp_connection *connection)
{
	uint8_t header[HEADER_BYTES];
	uint64_t length;
	if (!read_all(connection->fd, header, HEADER_BYTES))
		return NULL;
	memcpy(&length, header + 1, sizeof length);
	length = be64toh(length);
	MUST(header[0] == 1 && length >= ID_BYTES && length <= BODY_BYTES_MAX);
	struct sp_request *request = calloc(1, sizeof *request);
	MUST(request != NULL);
	*request = (struct sp_request){.connection = connection, .bytes = malloc(length), .length = length};
	MUST(request->bytes != NULL);
	if (read_all(connection->fd, request->bytes, length))
		return request;
	free(request->bytes);
	free(request);
	return NULL;
}

static void *read_connection(void *argument)
{
	struct sp_connection *connection = argument;
	struct sp_request *request;
	if (greet(connection->fd))
		while ((request = read_request(connection)) != NULL)
			append_request(connection->server, request);
	shutdown(connection->fd, SHUT_RDWR);
	return NULL;
}

static void send_answer(const struct sp_request *request, const uint8_t *bytes, size_t length)
{
	struct sp_connection *connection = request->connection;
	uint8_t header[HEADER_BYTES + ID_BYTES] = {1};
	uint64_t total = htobe64(length + ID_BYTES);
	memcpy(header + 1, &total, sizeof total);
	memcpy(header + HEADER_BYTES, request->bytes, ID_BYTES);
	pthread_mutex_lock(&connection->sending);
	if (!send_all(connection->fd, header, sizeof header) || !send_all(connection->fd, bytes, length))
		shutdown(connection->fd, SHUT_RDWR);
	pthread_mutex_unlock(&connection->sending);
}

/* The next request, or NULL when the server stops. */
static struct sp_request *take_request(struct sp_server *server)
{
	pthread_mutex_lock(&server->lock);
	while (server->first == NULL && !server->stopping)
		pthread_cond_wait(&server->arrived, &server->lock);
	struct sp_request *request = server->first;
	if (request != NULL)
		server->first = request->next;
	pthread_mutex_unlock(&server->lock);
	return request;
}

static void *work(void *argument)
{
	struct sp_server *server = argument;
	struct sp_request *request;
	while ((request = take_request(server)) != NULL) {
		uint8_t *bytes;
		size_t length;
		if (server->answer(server->context, request->bytes + ID_BYTES, request->length - ID_BYTES, &bytes, &length)) {
			send_answer(request, bytes, length);
			free(bytes);
		} else {
			shutdown(request->connection->fd, SHUT_RDWR);
		}
		free(request->bytes);
		free(request);
	}
	return NULL;
}

static void *listen_for_clients(void *argument)
{
	struct sp_server *server = argument;
	int fd;
	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		pthread_mutex_lock(&server->lock);
		MUST(server->connection_count < SP_CONNECTIONS_MAX);
		struct sp_connection *connection = &server->connections[server->connection_count++];
		*connection = (struct sp_connection){.server = server, .fd = fd};
		pthread_mutex_init(&connection->sending, NULL);
		MUST(pthread_create(&connection->reader, NULL, read_connection, connection) == 0);
		pthread_mutex_unlock(&server->lock);
	}
	return NULL;
}

void sp_server_start(struct sp_server *server, const char *path, sp_answer *answer, void *context)
{
	memset(server, 0, sizeof *server);
	server->answer = answer;
	server->context = context;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->arrived, NULL);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	unlink(path);
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(server->fd >= 0);
	MUST(bind(server->fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(server->fd, 16) == 0);
	MUST(pthread_create(&server->listener, NULL, listen_for_clients, server) == 0);
	for (int i = 0; i < SP_WORKERS; i++)
		MUST(pthread_create(&server->workers[i], NULL, work, server) == 0);
}

void sp_server_stop(struct sp_server *server)
{
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->listener, NULL);
	close(server->fd);
	for (size_t i = 0; i < server->connection_count; i++) {
		shutdown(server->connections[i].fd, SHUT_RDWR);
		pthread_join(server->connections[i].reader, NULL);
	}
	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	pthread_cond_broadcast(&server->arrived);
	pthread_mutex_unlock(&server->lock);
	for (int i = 0; i < SP_WORKERS; i++)
		pthread_join(server->workers[i], NULL);
	for (size_t i = 0; i < server->connection_count; i++) {
		close(server->connections[i].fd);
		pthread_mutex_destroy(&server->connections[i].sending);
	}
	pthread_mutex_destroy(&server->lock);
	pthread_cond_destroy(&server->arrived);
}
