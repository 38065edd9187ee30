/* What may be a source: anything that libcurl gets by http, https or file, up to a sensible size. */
#include "download.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "transfer.h"

static const curl_off_t source_bytes_max = (curl_off_t)64 << 30;

/* Everything that may mean something in a URL is written as %XX. */
static bool write_file_url(const char *path, char ret_url[DOWNLOAD_URL_BYTES])
{
	size_t length = (size_t)snprintf(ret_url, DOWNLOAD_URL_BYTES, "file://");
	for (; *path && length + 4 < DOWNLOAD_URL_BYTES; path++) {
		bool plain = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-~", *path);
		length += (size_t)snprintf(ret_url + length, 4, plain ? "%c" : "%%%02X", (unsigned char)*path);
	}
	return !*path;
}

enum step download_find_url(struct job *job, const char *source, char ret_url[DOWNLOAD_URL_BYTES])
{
	if (strstr(source, "://")) {
		snprintf(ret_url, DOWNLOAD_URL_BYTES, "%s", source);
		return STEP_DONE;
	}
	char *path = realpath(source, NULL);
	if (!path)
		return job_fail(job, "%s: %s", source, strerror(errno));
	bool fits = write_file_url(path, ret_url);
	free(path);
	return fits ? STEP_DONE : job_fail(job, "%s: the path is too long", source);
}

static enum step fetch(struct job *job, const char *url, FILE *stream)
{
	struct transfer transfer;
	enum step step = transfer_open(&transfer, job, url);
	if (step != STEP_DONE)
		return step;
	curl_easy_setopt(transfer.curl, CURLOPT_WRITEDATA, stream);
	curl_easy_setopt(transfer.curl, CURLOPT_MAXFILESIZE_LARGE, source_bytes_max);
	step = transfer_run(&transfer, url);
	transfer_close(&transfer);
	return step;
}

enum step download_file(struct job *job, const char *url, const char *path, uint64_t *ret_bytes)
{
	FILE *stream = fopen(path, "we");
	if (!stream)
		return job_fail(job, "cannot write %s: %s", path, strerror(errno));
	enum step step = fetch(job, url, stream);
	if (fclose(stream) && step == STEP_DONE)
		return job_fail(job, "cannot write %s: %s", path, strerror(errno));
	struct stat found;
	if (step == STEP_DONE && (stat(path, &found) || found.st_size == 0))
		return job_fail(job, "the source is empty");
	if (step == STEP_DONE)
		*ret_bytes = (uint64_t)found.st_size;
	return step;
}
