/* The folder for what a job needs on the way. */
#ifndef WORKER_FOLDER_H
#define WORKER_FOLDER_H

#include <stdbool.h>
#include <stdio.h>

#include "job.h"

enum { FOLDER_PATH_BYTES = 1400, FOLDER_NAME_BYTES = 64 };

struct folder {
	char path[1200]; /* absolute; empty: not open */
};

/* Makes a new folder inside `parent`, which is made, too, if it is not there. */
enum step folder_open(struct folder *folder, struct job *job, const char *parent);

/* Removes the folder with all that is in it, unless it is to be kept. */
void folder_close(struct folder *folder, bool keep);

/* The path of a file in it; returns ret_path. */
const char *folder_file(const struct folder *folder, const char *name, char ret_path[FOLDER_PATH_BYTES]);

/* Makes a file in it and opens it for writing; NULL with the job's reason on failure. */
FILE *folder_write(const struct folder *folder, struct job *job, const char *name);

/* Closes what folder_write opened. STEP_FAILED: not all of it could be written. */
enum step folder_written(FILE *stream, struct job *job, const char *name);

/* Makes a folder and those above it, as far as they are missing. False with errno on failure. */
bool folder_make(const char *path);

#endif
