/* How results leave: into a folder or by PUT. */
#include "deliver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "copy.h"
#include "transfer.h"

enum { TARGET_BYTES = 2048 };

enum step deliver_add(struct job *job, const struct folder *folder, struct delivery *delivery, const char *name)
{
	char path[FOLDER_PATH_BYTES];
	struct stat found;
	if (delivery->count == DELIVER_FILES_MAX)
		return job_fail(job, "more than %d files to deliver", DELIVER_FILES_MAX);
	if (stat(folder_file(folder, name, path), &found))
		return job_fail(job, "%s is missing: %s", name, strerror(errno));
	snprintf(delivery->names[delivery->count], FOLDER_NAME_BYTES, "%s", name);
	delivery->sizes[delivery->count++] = (uint64_t)found.st_size;
	delivery->total_bytes += (uint64_t)found.st_size;
	return STEP_DONE;
}

static enum step put(struct job *job, const char *path, uint64_t size, uint64_t *done_bytes, const char *url)
{
	FILE *stream = fopen(path, "re");
	if (!stream)
		return job_fail(job, "cannot read %s: %s", path, strerror(errno));
	struct transfer transfer;
	enum step step = transfer_open(&transfer, job, url);
	if (step == STEP_DONE) {
		transfer.base_bytes = *done_bytes;
		curl_easy_setopt(transfer.curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(transfer.curl, CURLOPT_READDATA, stream);
		curl_easy_setopt(transfer.curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
		step = transfer_run(&transfer, url);
		transfer_close(&transfer);
	}
	fclose(stream);
	*done_bytes += size;
	return step;
}

enum step deliver_files(struct job *job, const struct folder *folder, const struct delivery *delivery, const char *out)
{
	bool to_url = strstr(out, "://");
	size_t length = strlen(out);
	const char *between = length > 0 && out[length - 1] == '/' ? "" : "/";
	uint64_t done_bytes = 0;
	if (!to_url && !folder_make(out))
		return job_fail(job, "cannot make the folder %s: %s", out, strerror(errno));
	for (size_t i = 0; i < delivery->count; i++) {
		char path[FOLDER_PATH_BYTES], target[TARGET_BYTES], sha256[SHA256_HEX_BYTES];
		folder_file(folder, delivery->names[i], path);
		if (snprintf(target, sizeof target, "%s%s%s", out, between, delivery->names[i]) >= (int)sizeof target)
			return job_fail(job, "the place for the results has too long a name");
		job_say(job, "%zu of %zu: %s", i + 1, delivery->count, delivery->names[i]);
		enum step step = to_url ? put(job, path, delivery->sizes[i], &done_bytes, target)
		                        : copy_file(job, path, target, &done_bytes, sha256);
		if (step != STEP_DONE)
			return step;
	}
	return STEP_DONE;
}
