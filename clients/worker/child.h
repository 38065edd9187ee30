/* Runs another program and reads what it prints. */
#ifndef WORKER_CHILD_H
#define WORKER_CHILD_H

#include <stddef.h>

#include "job.h"

/* Takes a part of the program's output; anything but STEP_DONE ends the program. */
typedef enum step child_output_fn(void *context, const char *bytes, size_t size);

struct child {
	const char *const *argv; /* ends with NULL; the program is looked up in PATH; no shell */
	const char *folder;      /* where it runs; NULL: here */
	child_output_fn *take;   /* its standard output */
	void *context;
};

/* Runs the program to its end, with an empty standard input. STEP_FAILED: it cannot be run, or it failed (its last
 * line on stderr is the reason). STEP_STOPPED: the job must stop; the program was killed. Whatever `take` answered
 * otherwise, the program was killed as well. */
enum step child_run(struct job *job, const struct child *child);

#endif
