/* What the command line asks for. */
#ifndef WORKER_OPTIONS_H
#define WORKER_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *job_id;   /* NULL: the service makes one up */
	const char *server;   /* NULL: where the library looks by itself */
	const char *work;     /* folder for what is needed on the way */
	const char *out;      /* folder or URL for the results; NULL: clips/JOB */
	const char *model;    /* folder of the speech model */
	double lease_seconds; /* how long the worker may be silent; 0: for ever */
	bool keep;            /* leave the working folder when done */
	const char *source;   /* URL or path of the video */
};

enum options_verdict { OPTIONS_RUN, OPTIONS_EXIT_OK, OPTIONS_EXIT_USAGE };

/* Reads the command line; what it points to is borrowed from argv. Prints the help (EXIT_OK) or what is wrong
 * (EXIT_USAGE). */
enum options_verdict options_read(int argc, char **argv, struct options *ret_options);

#endif
