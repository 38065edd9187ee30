/*
 * Reports how far a command is, from a thread of its own, so that the command never waits for the service. Only the
 * newest value is sent. While the service cannot be reached this is said once and tried again.
 */
#ifndef CLI_RUN_REPORT_H
#define CLI_RUN_REPORT_H

#include <pthread.h>
#include <stdbool.h>

#include <prg/prg.h>

#include "line_split.h"
#include "progress_line.h"

struct run_report {
	struct prg_client *client;
	const char *job_id;
	enum prg_stage stage;
	struct prg_update update; /* goes with the first report */
	void (*stop)(void);       /* called once when the job should be cancelled */

	struct line_split splits[2]; /* of stdout and stderr; each for its own thread */
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t news;
	struct progress_lines lines;
	struct measure newest;
	bool has_newest; /* not sent yet */
	bool is_closing;

	bool has_entered; /* the rest is the thread's, and the closing one's after it */
	bool is_refused;  /* the service will take no more reports */
	bool has_warned;
	bool has_stopped;
	bool beats;        /* the service takes heartbeats */
	bool is_forgotten; /* the service has lost the job */
};

/* What became of the command. */
struct run_end {
	bool succeeded;
	enum prg_stage stage; /* to end the job with; PRG_STAGE_UNSPECIFIED: the job goes on */
	const char *text;     /* "make exited with status 2"; for a failure */
};

/* Enters the stage and begins to report. The fields of the first block are filled by the caller; the report must live
 * as long as the program. False: no thread could be started. */
bool run_report_start(struct run_report *report);

/* Takes output of the command, as child_reader_fn; `context` is the report. */
void run_report_read(int stream, const char *bytes, size_t length, void *context);

/* Stops the thread, reports how the command ended and waits for the acknowledgement. */
void run_report_close(struct run_report *report, const struct run_end *end);

#endif
