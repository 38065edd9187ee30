/* One lock guards the rows and the output; nobody waits for the service while holding it. */
#include "board.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "show.h"
#include "times.h"

void board_init(struct board *board, struct prg_client *client, enum board_output output, int wake_fd)
{
	*board = (struct board){.client = client, .output = output, .wake_fd = wake_fd};
	pthread_mutex_init(&board->lock, NULL);
}

/* A full pipe is awake already. */
static void wake(const struct board *board)
{
	const char byte = 0;
	ssize_t written = write(board->wake_fd, &byte, 1);
	(void)written;
}

/* Merged or invisible changes would repeat a line; that only the time left has changed is not worth one. */
static void print_line(struct watched *watched, const struct prg_progress *progress)
{
	struct text line = {0};
	show_add_line(&line, progress);
	if (strcmp(text_string(&line), text_string(&watched->last_line)) == 0) {
		text_finish(&line);
		return;
	}
	struct text eta = {0};
	show_add_eta(&eta, progress);
	printf("%s%s\n", text_string(&line), text_string(&eta));
	fflush(stdout);
	text_finish(&eta);
	text_finish(&watched->last_line);
	watched->last_line = line;
}

static void print_json(const struct prg_progress *progress)
{
	struct json json = {0};
	show_add_json(&json, progress);
	show_print_json(&json);
	fflush(stdout);
}

static bool see(const struct prg_progress *progress, void *context)
{
	struct watched *watched = context;
	struct board *board = watched->board;
	pthread_mutex_lock(&board->lock);
	watched->state = progress->state;
	if (board->output == BOARD_ROWS)
		row_take(&watched->row, progress, times_steady_seconds());
	else if (board->output == BOARD_LINES)
		print_line(watched, progress);
	else
		print_json(progress);
	bool go_on = !ferror(stdout);
	pthread_mutex_unlock(&board->lock);
	wake(board);
	return go_on;
}

static void *follow(void *context)
{
	struct watched *watched = context;
	struct board *board = watched->board;
	enum prg_code code = prg_watch(board->client, watched->job_id, see, watched);
	struct text error = {0};
	if (code != PRG_OK)
		text_addf(&error, "%s", prg_error()[0] != '\0' ? prg_error() : prg_code_name(code));
	pthread_mutex_lock(&board->lock);
	if (code != PRG_OK && board->output == BOARD_ROWS)
		row_take_error(&watched->row, watched->job_id, text_string(&error));
	else if (code != PRG_OK)
		fail_with(code, text_string(&error));
	watched->code = code;
	watched->has_ended = true;
	pthread_mutex_unlock(&board->lock);
	text_finish(&error);
	wake(board);
	return NULL;
}

static void destroy(struct watched *watched)
{
	row_finish(&watched->row);
	text_finish(&watched->last_line);
	free(watched->job_id);
	free(watched);
}

bool board_add(struct board *board, const char *job_id)
{
	for (size_t i = 0; i < board->count; i++) {
		if (strcmp(board->jobs[i]->job_id, job_id) == 0)
			return true;
	}
	if (board->count == BOARD_JOBS_MAX)
		return false;
	struct watched *watched = text_must_have(calloc(1, sizeof(*watched)));
	watched->board = board;
	watched->job_id = text_copy(job_id);
	if (pthread_create(&watched->thread, NULL, follow, watched) != 0) {
		destroy(watched);
		return false;
	}
	pthread_mutex_lock(&board->lock);
	board->jobs[board->count++] = watched;
	pthread_mutex_unlock(&board->lock);
	return true;
}

bool board_is_over(struct board *board)
{
	bool over = true;
	pthread_mutex_lock(&board->lock);
	for (size_t i = 0; i < board->count; i++)
		over = over && board->jobs[i]->has_ended;
	pthread_mutex_unlock(&board->lock);
	return over;
}

static void note_end(struct board *board, const struct watched *watched)
{
	if (watched->code != PRG_OK)
		board->broken = watched->code;
	else if (watched->state == PRG_STATE_FAILED || watched->state == PRG_STATE_CANCELLED)
		board->ended_badly = true;
}

/* Under the lock. The threads joined have nothing left to do but return. */
static void remove_ended(struct board *board)
{
	size_t kept = 0;
	for (size_t i = 0; i < board->count; i++) {
		struct watched *watched = board->jobs[i];
		if (!watched->has_ended) {
			board->jobs[kept++] = watched;
			continue;
		}
		note_end(board, watched);
		pthread_join(watched->thread, NULL);
		destroy(watched);
	}
	board->count = kept;
}

void board_remove_ended(struct board *board)
{
	pthread_mutex_lock(&board->lock);
	remove_ended(board);
	pthread_mutex_unlock(&board->lock);
}

/* Lays out the jobs that were seen and draws those that have ended, or those that have not. */
static void add_rows(const struct board *board, const struct row_layout *layout, bool ended, double now, unsigned beat,
                     struct text *text)
{
	for (size_t i = 0; i < board->count; i++) {
		const struct watched *watched = board->jobs[i];
		if (watched->row.job_id != NULL && watched->has_ended == ended)
			row_add(text, &watched->row, layout, now, beat);
	}
}

static void lay_out(const struct board *board, const struct terminal *terminal, bool show_jobs,
                    struct row_layout *ret_layout)
{
	const struct row *rows[BOARD_JOBS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < board->count; i++) {
		if (board->jobs[i]->row.job_id != NULL)
			rows[count++] = &board->jobs[i]->row;
	}
	row_layout(rows, count, show_jobs, terminal, ret_layout);
}

/* Cuts the frame after so many lines and says how much is missing. */
static void cut_frame(struct text *frame, int lines_max)
{
	size_t lines = 0;
	for (size_t i = 0; i < frame->length; i++) {
		lines += frame->bytes[i] == '\n';
		if (lines + 1 < (size_t)lines_max)
			continue;
		size_t hidden = 0;
		for (size_t rest = i + 1; rest < frame->length; rest++)
			hidden += frame->bytes[rest] == '\n';
		if (hidden <= 1)
			return;
		frame->length = i + 1;
		text_addf(frame, "… %zu more lines\n", hidden);
		return;
	}
}

static size_t count_lines(const struct text *text)
{
	size_t lines = 0;
	for (size_t i = 0; i < text->length; i++)
		lines += text->bytes[i] == '\n';
	return lines;
}

void board_draw(struct board *board, const struct terminal *terminal, bool show_jobs, bool remove, int lines_max,
                unsigned beat, struct text *lasting, struct text *frame)
{
	assert(lines_max >= 1);
	double now = times_steady_seconds();
	struct row_layout layout;
	pthread_mutex_lock(&board->lock);
	lay_out(board, terminal, show_jobs, &layout);
	struct text ended = {0};
	add_rows(board, &layout, true, now, beat, &ended);
	add_rows(board, &layout, false, now, beat, frame);
	if (remove || count_lines(&ended) + count_lines(frame) > (size_t)lines_max) {
		text_add(lasting, text_string(&ended));
		remove_ended(board);
		cut_frame(frame, lines_max);
	} else {
		text_clear(frame);
		for (size_t i = 0; i < board->count; i++) {
			if (board->jobs[i]->row.job_id != NULL)
				row_add(frame, &board->jobs[i]->row, &layout, now, beat);
		}
	}
	pthread_mutex_unlock(&board->lock);
	text_finish(&ended);
}

int board_status(struct board *board)
{
	pthread_mutex_lock(&board->lock);
	for (size_t i = 0; i < board->count; i++)
		note_end(board, board->jobs[i]);
	int status = board->broken != PRG_OK ? (int)fail_status(board->broken)
	                                     : (int)(board->ended_badly ? EXIT_ENDED_BADLY : EXIT_DONE);
	pthread_mutex_unlock(&board->lock);
	return status;
}

void board_finish(struct board *board)
{
	for (size_t i = 0; i < board->count; i++) {
		pthread_join(board->jobs[i]->thread, NULL);
		destroy(board->jobs[i]);
	}
	pthread_mutex_destroy(&board->lock);
}
