/*
 * The jobs being watched: each has a thread that follows it and puts down here what it sees. On a terminal the newest
 * state of each is kept for the next drawing; otherwise every state is printed at once as a line.
 */
#ifndef CLI_BOARD_H
#define CLI_BOARD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <prg/prg.h>

#include "row.h"
#include "text.h"

enum { BOARD_JOBS_MAX = 64 };

enum board_output { BOARD_ROWS, BOARD_LINES, BOARD_JSON };

struct watched {
	struct board *board;
	char *job_id;
	pthread_t thread;
	struct row row; /* under the board's lock; all zero until the job was seen */
	struct text last_line;
	enum prg_state state; /* the last one seen */
	enum prg_code code;   /* how the watch ended */
	bool has_ended;       /* the thread is done; under the board's lock */
};

struct board {
	struct prg_client *client;
	enum board_output output;
	int wake_fd; /* gets a byte at each change; may be full */
	pthread_mutex_t lock;
	struct watched *jobs[BOARD_JOBS_MAX]; /* in the order they were added */
	size_t count;
	bool ended_badly;     /* a job that was removed had failed or was cancelled */
	enum prg_code broken; /* how the watch of a removed job broke; PRG_OK: none did */
};

/* Makes an empty board; the client is borrowed and must wait for a lost connection. */
void board_init(struct board *board, struct prg_client *client, enum board_output output, int wake_fd);

/* Begins to watch a job. False: the board is full, or no thread could be started. A job that is there already stays. */
bool board_add(struct board *board, const char *job_id);

/* Whether all jobs on the board have ended. */
bool board_is_over(struct board *board);

/* Adds the rows of the jobs to `frame`. If `remove_ended`, or if the frame is higher than `lines_max`, the jobs that
 * have ended are drawn on `lasting` instead and leave the board. `beat` as row_add. */
void board_draw(struct board *board, const struct terminal *terminal, bool show_jobs, bool remove_ended, int lines_max,
                unsigned beat, struct text *lasting, struct text *frame);

/* Removes the jobs that have ended. */
void board_remove_ended(struct board *board);

/* The exit status that the jobs on the board and those removed come to. */
int board_status(struct board *board);

/* Waits for all threads, which have ended or will do so because the client is closed, and frees everything. */
void board_finish(struct board *board);

#endif
