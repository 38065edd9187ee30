/* One transfer by libcurl, in either direction, with the job's progress and its wish to stop. */
#ifndef WORKER_TRANSFER_H
#define WORKER_TRANSFER_H

#include <curl/curl.h>
#include <stdint.h>

#include "job.h"

struct transfer {
	struct job *job;
	CURL *curl;          /* set further options on it before transfer_run */
	uint64_t base_bytes; /* done before this transfer */
	char error[CURL_ERROR_SIZE];
};

/* Makes a transfer ready with what holds for all. */
enum step transfer_open(struct transfer *transfer, struct job *job, const char *url);

/* Carries it out. STEP_FAILED: with a reason that names the URL. Ticks the job in bytes; a download also sets the
 * total as soon as the server has told it. */
enum step transfer_run(struct transfer *transfer, const char *url);

void transfer_close(struct transfer *transfer);

/* Copies the URL without name and password, to be shown to people. */
void transfer_show_url(const char *url, char *ret_text, size_t size);

#endif
