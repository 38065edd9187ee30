/*
 * The bare handler that the HTTP door is compared with: libmicrohttpd with one polling thread and a constant answer.
 *
 *     bare_http BYTES
 *
 * Prints its port, then runs until its standard input ends.
 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char body[1 << 20];
static size_t body_bytes;

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_bytes, void **request)
{
	static int seen;
	(void)context, (void)url, (void)method, (void)version, (void)upload, (void)upload_bytes;
	if (*request == NULL) {
		*request = &seen;
		return MHD_YES;
	}
	struct MHD_Response *response = MHD_create_response_from_buffer(body_bytes, body, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

int main(int argc, char **argv)
{
	char ignored[64];
	body_bytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 400;
	if (body_bytes > sizeof body)
		return 2;
	memset(body, 'x', body_bytes);
	struct MHD_Daemon *server =
	    MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL, MHD_OPTION_END);
	if (server == NULL)
		return 1;
	printf("%d\n", MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	while (read(STDIN_FILENO, ignored, sizeof ignored) > 0)
		continue;
	MHD_stop_daemon(server);
	return 0;
}
