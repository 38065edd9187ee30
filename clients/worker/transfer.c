/* Which protocols are spoken, how long a silent peer is waited for, and what is shown meanwhile. */
#include "transfer.h"

#include <stdio.h>
#include <string.h>

enum { CONNECT_SECONDS = 20, SILENT_SECONDS = 60, REDIRECTS_MAX = 5 };

static const double megabyte = 1e6;

static int on_progress(void *context, curl_off_t down_total, curl_off_t down_now, curl_off_t up_total,
                       curl_off_t up_now)
{
	struct transfer *transfer = context;
	struct job *job = transfer->job;
	if (up_total > 0)
		return job_tick(job, transfer->base_bytes + (uint64_t)up_now);
	if (down_total > 0) {
		job_set_total(job, (double)down_total);
		job_say(job, "%.1f of %.1f MB", (double)down_now / megabyte, (double)down_total / megabyte);
		return job_tick(job, transfer->base_bytes + (uint64_t)down_now);
	}
	if (down_now > 0) /* the total is not known: the bar stays, the message moves */
		job_say(job, "%.1f MB", (double)down_now / megabyte);
	return job_must_stop(job);
}

enum step transfer_open(struct transfer *transfer, struct job *job, const char *url)
{
	*transfer = (struct transfer){.job = job, .curl = curl_easy_init()};
	CURL *curl = transfer->curl;
	if (!curl)
		return job_fail(job, "no memory for a transfer");
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SILENT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "clip-worker/" PRG_VERSION);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->error);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
	return STEP_DONE;
}

enum step transfer_run(struct transfer *transfer, const char *url)
{
	CURLcode code = curl_easy_perform(transfer->curl);
	if (code == CURLE_OK)
		return STEP_DONE;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return job_stop(transfer->job);
	char shown[256];
	transfer_show_url(url, shown, sizeof shown);
	return job_fail(transfer->job, "%s: %s", shown, transfer->error[0] ? transfer->error : curl_easy_strerror(code));
}

void transfer_close(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->curl);
	transfer->curl = NULL;
}

void transfer_show_url(const char *url, char *ret_text, size_t size)
{
	CURLU *parts = curl_url();
	char *text = NULL;
	if (parts && !curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME)) {
		curl_url_set(parts, CURLUPART_USER, NULL, 0);
		curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0);
		curl_url_get(parts, CURLUPART_URL, &text, 0);
	}
	snprintf(ret_text, size, "%s", text ? text : "(not a URL)");
	curl_free(text);
	curl_url_cleanup(parts);
}
