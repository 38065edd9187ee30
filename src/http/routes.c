/* The table of paths. */
#include "http/routes.h"

#include <string.h>

#include "http/answer.h"
#include "http/connect.h"
#include "http/events.h"
#include "http/files.h"
#include "http/health.h"
#include "http/jobs.h"
#include "http/query.h"
#include "http/status.h"

static const struct route routes[] = {
    {"GET", "/api/stages", status_serve_stages, false},
    {"GET", "/api/status/{id}", status_serve_job, false},
    {"GET", "/status/{id}", status_serve_job, false},
    {"GET", "/api/jobs", jobs_serve_list, false},
    {"GET", "/api/jobs/{id}/history", jobs_serve_history, false},
    {"GET", "/api/events", events_serve, false},
    {"POST", CONNECT_PATH "{method}", connect_serve, true},
    {"GET", "/metrics", health_serve_metrics, false},
    {"GET", "/healthz", health_serve_alive, false},
    {"GET", "/readyz", health_serve_ready, false},
    {"GET", "/*", files_serve, false},
};

/* Whether the path fits; *ret_part is what stands for the part in braces, *ret_bytes its length. */
static bool fits(const char *pattern, const char *path, const char **ret_part, size_t *ret_bytes)
{
	*ret_part = NULL;
	while (*pattern != '\0' && *pattern != '*') {
		if (*pattern == '{') {
			*ret_part = path;
			*ret_bytes = strcspn(path, "/");
			if (*ret_bytes == 0)
				return false;
			path += *ret_bytes;
			pattern = strchr(pattern, '}') + 1;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *pattern == '*' || *path == '\0';
}

static bool takes(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 || (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

static bool refuse_method(struct exchange *exchange, const struct route *route)
{
	struct fault fault = {0};
	const char *const fields[] = {"Allow", strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method, NULL};
	fault_set(&fault, ERR_UNIMPLEMENTED, "WRONG_METHOD", "this path takes %s", route->method);
	answer_fault_with(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, &fault, fields);
	return false;
}

static bool set_part(struct exchange *exchange, const char *part, size_t bytes)
{
	struct fault fault = {0};
	if (part == NULL || query_decode(part, bytes, "path", &exchange->arena, &exchange->part, &fault) == ERR_OK)
		return true;
	answer_fault_of(exchange, &fault);
	return false;
}

bool routes_find(struct exchange *exchange)
{
	const char *part;
	size_t bytes = 0;
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		bool is_any = strchr(routes[i].path, '*') != NULL;
		if (!fits(routes[i].path, exchange->path, &part, &bytes) || (is_any && !takes(&routes[i], exchange->method)))
			continue;
		exchange->route = &routes[i];
		return takes(&routes[i], exchange->method) ? set_part(exchange, part, bytes)
		                                           : refuse_method(exchange, &routes[i]);
	}
	struct fault fault = {0};
	fault_set(&fault, ERR_NOT_FOUND, "NO_SUCH_PATH", "there is nothing at this path");
	answer_fault_of(exchange, &fault);
	return false;
}
