/* No name that could leave the folder is ever opened. */
#include "http/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/answer.h"
#include "http/pages.h"

#define TYPE_HTML "text/html; charset=utf-8"

struct files {
	int folder_fd;
};

static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                             "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
                             "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

static const char page[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>progressd</title>\n"
    "<h1>progressd " PROGRESS_VERSION
    "</h1>\n<p>Knows how far long-running jobs are. This daemon answers here:</p>\n<ul>\n"
    "<li><a href=\"/api/jobs\">/api/jobs</a>: the jobs, the newest first\n"
    "<li><a href=\"/api/stages\">/api/stages</a>: the stages and where they start\n"
    "<li>/api/status/JOB, /api/jobs/JOB/history: one job\n"
    "<li>/api/events?job=JOB: changes as server-sent events\n"
    "<li><a href=\"/metrics\">/metrics</a>, <a href=\"/healthz\">/healthz</a>, <a href=\"/readyz\">/readyz</a>\n"
    "</ul>\n<p>The dashboard is not served here; --dashboard names its folder.</p>\n</html>\n";

static const struct {
	const char *ending;
	const char *type;
} types[] = {
    {".html", TYPE_HTML},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
    {".map", "application/json"},
};

const char *files_type(const char *name)
{
	const char *ending = strrchr(name, '.');
	for (size_t i = 0; ending != NULL && i < sizeof types / sizeof *types; i++)
		if (strcasecmp(types[i].ending, ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	       c == '-';
}

const char *files_name(const char *path)
{
	bool is_start = true;
	if (strcmp(path, "/") == 0)
		return "index.html";
	for (const char *c = path + 1; *c != '\0'; c++) {
		if (is_start ? *c == '.' || !is_name_character(*c) : *c != '/' && !is_name_character(*c))
			return NULL;
		is_start = *c == '/';
	}
	return is_start ? NULL : path + 1;
}

enum err files_open(const char *folder, struct files **ret_files, struct fault *fault)
{
	int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct files *files = folder_fd >= 0 ? malloc(sizeof *files) : NULL;
	if (files == NULL) {
		int number = errno;
		if (folder_fd >= 0)
			close(folder_fd);
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_FOLDER", "--dashboard: cannot read %s: %s", folder,
		                 strerror(number));
	}
	files->folder_fd = folder_fd;
	*ret_files = files;
	return ERR_OK;
}

void files_close(struct files *files)
{
	if (files == NULL)
		return;
	close(files->folder_fd);
	free(files);
}

/* What a page may do, beside the fields of all answers. */
static void add_policy(struct MHD_Response *response)
{
	MHD_add_response_header(response, "Content-Security-Policy", policy);
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
}

static void serve_page(struct exchange *exchange)
{
	const char *const fields[] = {
	    "Content-Security-Policy", policy, "Referrer-Policy", "no-referrer", "X-Frame-Options", "DENY", NULL};
	buffer_put(&exchange->text, page, sizeof page - 1);
	answer_text_with(exchange, MHD_HTTP_OK, TYPE_HTML, fields);
}

static void serve_nothing(struct exchange *exchange)
{
	struct fault fault = {0};
	fault_set(&fault, ERR_NOT_FOUND, "NO_SUCH_PATH", "there is nothing at this path");
	answer_fault_of(exchange, &fault);
}

/* Files whose names change with their content may be kept for ever. */
static const char *caching(const char *name)
{
	return strncmp(name, "assets/", 7) == 0 ? "public, max-age=31536000, immutable" : "no-cache";
}

static void serve_file(struct exchange *exchange, const char *name, int file_fd, const struct stat *found)
{
	char tag[64];
	snprintf(tag, sizeof tag, "\"%llx-%llx-%lx\"", (unsigned long long)found->st_size,
	         (unsigned long long)found->st_mtim.tv_sec, (unsigned long)found->st_mtim.tv_nsec);
	const char *known = exchange_field(exchange, MHD_HTTP_HEADER_IF_NONE_MATCH);
	bool is_known = known != NULL && strstr(known, tag) != NULL;
	struct MHD_Response *response;
	if (is_known) {
		close(file_fd);
		response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	} else {
		response = MHD_create_response_from_fd64((uint64_t)found->st_size, file_fd);
		if (response == NULL)
			close(file_fd);
	}
	if (response == NULL)
		return;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, files_type(name));
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, caching(name));
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, tag);
	add_policy(response);
	answer_add_common(exchange, response);
	exchange->answer_bytes = is_known ? 0 : (size_t)found->st_size;
	answer_response(exchange, is_known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

/* An open regular file of the folder, or -1. */
static int open_file(const struct files *files, const char *name, struct stat *ret_found)
{
	int file_fd = openat(files->folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file_fd < 0)
		return -1;
	if (fstat(file_fd, ret_found) == 0 && S_ISREG(ret_found->st_mode))
		return file_fd;
	close(file_fd);
	return -1;
}

void files_serve(struct exchange *exchange)
{
	const struct files *files = exchange->server->files;
	const char *name = files_name(exchange->path);
	struct stat found;
	if (files == NULL && strcmp(exchange->path, "/") == 0) {
		serve_page(exchange);
		return;
	}
	int file_fd = files != NULL && name != NULL ? open_file(files, name, &found) : -1;
	if (file_fd < 0 && files != NULL && pages_has(exchange->path)) {
		name = "index.html";
		file_fd = open_file(files, name, &found);
	}
	if (file_fd < 0)
		serve_nothing(exchange);
	else
		serve_file(exchange, name, file_fd, &found);
}
