/* Gets the source. */
#ifndef WORKER_DOWNLOAD_H
#define WORKER_DOWNLOAD_H

#include "job.h"

enum { DOWNLOAD_URL_BYTES = 4096 };

/* The URL of what a person typed: a URL as it is, or the path of a file as a file:// URL. STEP_FAILED: neither. */
enum step download_find_url(struct job *job, const char *source, char ret_url[DOWNLOAD_URL_BYTES]);

/* Fetches the URL into the file `path`; *ret_bytes is its size. Ticks the job in bytes. */
enum step download_file(struct job *job, const char *url, const char *path, uint64_t *ret_bytes);

#endif
