/*
 * prg watch: show jobs until they end. This file decides when to draw, when to look for further jobs and when it is
 * over; the board follows the jobs, the screen draws.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "board.h"
#include "command.h"
#include "fail.h"
#include "screen.h"
#include "times.h"

enum { FRAME_MS = 50, BEAT_MS = 100, LOOK_MS = 1000, LIST_TIMEOUT_MS = 1000 };

struct watch {
	struct command_call *call;
	struct prg_client *client; /* waits for a lost connection */
	struct board board;
	struct terminal terminal;
	struct screen screen;
	bool finds_jobs;     /* no jobs were named: all live ones */
	size_t unwatched;    /* live jobs that found no place on the board */
	bool said_unwatched; /* that has been said on stderr */
	double next_look;    /* steady seconds */
	double next_frame;   /* steady seconds */
	unsigned beat;
	int wake[2];
};

static int signal_fd = -1; /* where the signal's handler puts its number */

static void note_signal(int number)
{
	int saved = errno;
	char byte = (char)number;
	ssize_t written = write(signal_fd, &byte, 1);
	(void)written;
	errno = saved;
}

static void catch_signals(int fd)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP};
	signal_fd = fd;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
		sigaction(numbers[i], &action, NULL);
	}
}

static void draw(struct watch *watch)
{
	struct text lasting = {0}, frame = {0};
	terminal_look(&watch->terminal, STDOUT_FILENO);
	bool show_jobs = watch->finds_jobs || watch->call->argument_count > 1;
	int lines_max = watch->terminal.rows > 3 ? watch->terminal.rows - 2 : 1;
	board_draw(&watch->board, &watch->terminal, show_jobs, watch->finds_jobs, lines_max, watch->beat, &lasting, &frame);
	if (watch->unwatched > 0)
		text_addf(&frame, "… and %zu more jobs\n", watch->unwatched);
	screen_draw(&watch->screen, text_string(&lasting), text_string(&frame), watch->terminal.columns);
	text_finish(&lasting);
	text_finish(&frame);
}

/* Puts the terminal back in order and takes the signal's usual effect. */
static void obey(struct watch *watch, int number)
{
	if (number == SIGWINCH)
		return;
	draw(watch);
	screen_close(&watch->screen);
	if (number == SIGTSTP) {
		raise(SIGSTOP);
		screen_open(&watch->screen, STDOUT_FILENO);
		return;
	}
	signal(number, SIG_DFL);
	raise(number);
}

static void take_wakes(struct watch *watch)
{
	char bytes[256];
	ssize_t count;
	while ((count = read(watch->wake[0], bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < count; i++) {
			if (bytes[i] != 0)
				obey(watch, bytes[i]);
		}
	}
}

/* Lists the live jobs and puts those on the board that are not there. */
static enum prg_code look(struct watch *watch, size_t *ret_live)
{
	static const enum prg_state live[] = {PRG_STATE_ACTIVE, PRG_STATE_STALLED};
	struct prg_filter filter = {.states = live, .state_count = 2};
	struct prg_job_list *list;
	/* Before the list is asked for: a job that ends in between would come back from it. In rows they leave with the
	 * next drawing. */
	if (watch->board.output != BOARD_ROWS)
		board_remove_ended(&watch->board);
	enum prg_code code = prg_list_jobs(watch->call->client, &filter, 2 * BOARD_JOBS_MAX, NULL, &list);
	if (code != PRG_OK)
		return code;
	watch->unwatched = 0;
	for (size_t i = list->count; i > 0; i--)
		watch->unwatched += !board_add(&watch->board, list->jobs[i - 1]->job_id);
	*ret_live = list->count;
	prg_job_list_free(list);
	return PRG_OK;
}

static void look_again(struct watch *watch)
{
	size_t live;
	look(watch, &live);
	watch->next_look = times_steady_seconds() + LOOK_MS / 1000.0;
}

static bool is_over(struct watch *watch)
{
	if (!board_is_over(&watch->board))
		return false;
	if (!watch->finds_jobs)
		return true;
	size_t live = 0;
	return !watch->call->options->follow && (look(watch, &live) != PRG_OK || live == 0);
}

static void warn_about_unwatched(struct watch *watch)
{
	if (watch->unwatched > 0 && !watch->said_unwatched)
		fail_warn("only %d jobs are watched at the same time; at least %zu more are live", BOARD_JOBS_MAX,
		          watch->unwatched);
	watch->said_unwatched = watch->unwatched > 0;
}

/* Sleeps until something changed, or the next frame, step of the mark or look is due. */
static void wait_for_news(struct watch *watch)
{
	double now = times_steady_seconds();
	if (now < watch->next_frame)
		poll(NULL, 0, (int)((watch->next_frame - now) * 1000) + 1);
	struct pollfd wake = {.fd = watch->wake[0], .events = POLLIN};
	poll(&wake, 1, watch->board.output == BOARD_ROWS ? BEAT_MS : LOOK_MS);
	take_wakes(watch);
}

static void run_until_over(struct watch *watch)
{
	bool draws = watch->board.output == BOARD_ROWS;
	while (!is_over(watch)) {
		wait_for_news(watch);
		double now = times_steady_seconds();
		watch->beat = (unsigned)(now * 1000 / BEAT_MS);
		if (draws)
			draw(watch);
		watch->next_frame = draws ? now + FRAME_MS / 1000.0 : 0;
		if (watch->finds_jobs && now >= watch->next_look)
			look_again(watch);
		if (!draws)
			warn_about_unwatched(watch);
	}
}

/* Asks for each named job once, so that a wrong name or an absent service ends the command at once. */
static int add_named(struct watch *watch)
{
	for (int i = 0; i < watch->call->argument_count; i++) {
		struct prg_progress *progress;
		enum prg_code code = prg_get_progress(watch->call->client, watch->call->arguments[i], &progress);
		if (code != PRG_OK)
			return fail_call(code);
		prg_progress_free(progress);
	}
	for (int i = 0; i < watch->call->argument_count; i++) {
		if (!board_add(&watch->board, watch->call->arguments[i]))
			return fail_with(PRG_RESOURCE_EXHAUSTED, "no thread could be started");
	}
	return EXIT_DONE;
}

static int add_live(struct watch *watch)
{
	size_t live;
	prg_set_timeout(watch->call->client, LIST_TIMEOUT_MS);
	enum prg_code code = look(watch, &live);
	if (code != PRG_OK)
		return fail_call(code);
	if (live == 0 && !watch->call->options->follow)
		fputs("prg: no job is under way\n", stderr);
	return EXIT_DONE;
}

static void open_wake(int *ret_ends)
{
	if (pipe2(ret_ends, O_NONBLOCK | O_CLOEXEC) != 0) {
		perror("prg: no pipe");
		exit(EXIT_REFUSED);
	}
}

static int watch_jobs(struct watch *watch)
{
	int status = watch->finds_jobs ? add_live(watch) : add_named(watch);
	if (status != EXIT_DONE)
		return status;
	bool draws = watch->board.output == BOARD_ROWS;
	if (draws) {
		catch_signals(watch->wake[1]);
		screen_open(&watch->screen, STDOUT_FILENO);
	}
	run_until_over(watch);
	if (draws) {
		draw(watch);
		screen_close(&watch->screen);
	}
	return board_status(&watch->board);
}

static int run(struct command_call *call)
{
	if (call->argument_count > BOARD_JOBS_MAX)
		return fail_usage("watch", "at most %d jobs can be watched at the same time", BOARD_JOBS_MAX);
	struct prg_options patient = options_client(call->options);
	struct watch watch = {.call = call, .finds_jobs = call->argument_count == 0};
	enum prg_code code = prg_open(call->options->server, &patient, &watch.client);
	if (code != PRG_OK)
		return fail_call(code);
	open_wake(watch.wake);
	terminal_look(&watch.terminal, STDOUT_FILENO);
	enum board_output output = watch.terminal.can_redraw ? BOARD_ROWS : BOARD_LINES;
	board_init(&watch.board, watch.client, call->options->json ? BOARD_JSON : output, watch.wake[1]);
	int status = watch_jobs(&watch);
	prg_close(watch.client);
	board_finish(&watch.board);
	return status;
}

const struct command command_watch = {
    .name = "watch",
    .arguments = "[JOB…]",
    .summary = "show jobs until they end",
    .description =
        "On a terminal draws a bar for each job; otherwise prints a line for each change. Ends when all jobs\n"
        "have ended. Without JOB it shows all live jobs and those that come up meanwhile. Goes on over a\n"
        "restart of the service. Simulated movement is shaded and marked with '~'.\n"
        "NO_COLOR=1 in the environment turns colours off. At most 64 jobs are watched at the same time.\n",
    .example = "  prg watch job-1 && echo succeeded\n"
               "  prg watch --follow\n",
    .exits = "  1  a job failed or was cancelled\n",
    .options = OPTION_FOLLOW,
    .arguments_min = 0,
    .arguments_max = ARGUMENTS_UNLIMITED,
    .run = run,
};
