/* How files are copied: through a neighbour that gets its name when all of it is on the disk. */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 256 * 1024, PATH_BYTES = 2048 };

static bool write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);
		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	return true;
}

/* Reads all of `in`, and writes it to `out` unless that is -1. */
static enum step pass_bytes(struct job *job, int in, int out, uint64_t *done_bytes, char *ret_sha256)
{
	static char block[BLOCK_BYTES];
	struct sha256 sha;
	sha256_init(&sha);
	for (ssize_t size; (size = read(in, block, sizeof block)) != 0;) {
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 || (out >= 0 && !write_all(out, block, (size_t)size)))
			return job_fail(job, "%s", strerror(errno));
		sha256_take(&sha, block, (size_t)size);
		*done_bytes += (uint64_t)size;
		if (job_tick(job, *done_bytes))
			return job_stop(job);
	}
	if (out >= 0 && fsync(out))
		return job_fail(job, "%s", strerror(errno));
	sha256_finish(&sha, ret_sha256);
	return STEP_DONE;
}

/* Puts what was to be done before the reason of a failure. */
static enum step explain(struct job *job, enum step step, const char *verb, const char *path)
{
	char why[JOB_REASON_BYTES];
	memcpy(why, job->reason, sizeof why);
	return step == STEP_FAILED ? job_fail(job, "cannot %s %s: %s", verb, path, why) : step;
}

static enum step copy_to_part(struct job *job, const char *from, const char *part, uint64_t *done_bytes,
                              char *ret_sha256)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return job_fail(job, "%s: %s", from, strerror(errno));
	int out = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	enum step step = out < 0 ? job_fail(job, "%s", strerror(errno)) : pass_bytes(job, in, out, done_bytes, ret_sha256);
	close(in);
	if (out >= 0 && close(out) && step == STEP_DONE)
		step = job_fail(job, "%s", strerror(errno));
	if (out >= 0 && step != STEP_DONE)
		unlink(part);
	return step;
}

enum step copy_file(struct job *job, const char *from, const char *to, uint64_t *done_bytes,
                    char ret_sha256[SHA256_HEX_BYTES])
{
	char part[PATH_BYTES];
	if (snprintf(part, sizeof part, "%s.part", to) >= (int)sizeof part)
		return job_fail(job, "the path is too long: %s", to);
	enum step step = copy_to_part(job, from, part, done_bytes, ret_sha256);
	if (step == STEP_DONE && rename(part, to)) {
		step = job_fail(job, "%s", strerror(errno));
		unlink(part);
	}
	return explain(job, step, "copy to", to);
}

enum step copy_sum(struct job *job, const char *path, char ret_sha256[SHA256_HEX_BYTES])
{
	uint64_t done_bytes = 0;
	int in = open(path, O_RDONLY | O_CLOEXEC);
	enum step step = in < 0 ? job_fail(job, "%s", strerror(errno)) : pass_bytes(job, in, -1, &done_bytes, ret_sha256);
	if (in >= 0)
		close(in);
	return explain(job, step, "read", path);
}
