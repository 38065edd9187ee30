/* Brings the results to where they belong. */
#ifndef WORKER_DELIVER_H
#define WORKER_DELIVER_H

#include "folder.h"
#include "job.h"

enum { DELIVER_FILES_MAX = 16 };

/* The files to deliver, all in the working folder. */
struct delivery {
	char names[DELIVER_FILES_MAX][FOLDER_NAME_BYTES];
	uint64_t sizes[DELIVER_FILES_MAX]; /* bytes */
	uint64_t total_bytes;
	size_t count;
};

/* Adds a file of the folder. STEP_FAILED: it is not there. */
enum step deliver_add(struct job *job, const struct folder *folder, struct delivery *delivery, const char *name);

/* Copies all files into the folder `out` (made if missing), or sends them by HTTP PUT to `out`/NAME if it is a URL, in
 * order. Ticks the job in bytes of all files together. */
enum step deliver_files(struct job *job, const struct folder *folder, const struct delivery *delivery, const char *out);

#endif
