/* progressd: reads its options, runs the daemon, and waits for the signal to end; or replays a script. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/config.h"
#include "daemon/daemon.h"
#include "daemon/notify.h"
#include "replay/replay.h"

enum {
	EXIT_FAILED = 1,
	EXIT_BAD_OPTIONS = 2,
	STOP_SECONDS_MAX = 20, /* then the process ends in bad order rather than never */
};

/* Threads inherit the mask: the signals reach only the thread that waits for them. */
static sigset_t block_signals(void)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signals;
}

static int run(const struct config *config)
{
	struct fault fault = {0};
	struct daemon *daemon;
	sigset_t signals = block_signals();
	log_set_level(config->log_level);
	if (daemon_start(config, &daemon, &fault) != ERR_OK) {
		fprintf(stderr, "progressd: %s\n", fault.text);
		return fault.code == ERR_INVALID_ARGUMENT ? EXIT_BAD_OPTIONS : EXIT_FAILED;
	}
	daemon_announce(daemon);
	int signal_number;
	sigwait(&signals, &signal_number);
	for (; signal_number == SIGHUP; sigwait(&signals, &signal_number))
		daemon_reload(daemon);
	log_line(LOG_INFO, "stopping", "signal", signal_number == SIGTERM ? "SIGTERM" : "SIGINT", NULL);
	notify_manager("STOPPING=1");
	alarm(STOP_SECONDS_MAX);
	daemon_stop(daemon);
	log_line(LOG_INFO, "stopped", NULL);
	return 0;
}

static int act(const struct config *config, enum config_action action)
{
	switch (action) {
	case CONFIG_HELP:
		config_print_help();
		return 0;
	case CONFIG_VERSION:
		puts("progressd " PROGRESS_VERSION);
		return 0;
	case CONFIG_CHECK:
		puts("progressd: the configuration is good");
		return 0;
	case CONFIG_RUN:
		break;
	}
	return run(config);
}

static int replay(int argument_count)
{
	struct fault fault = {0};
	if (argument_count > 0) {
		fputs("progressd: replay: takes no arguments; usage: progressd replay < SCRIPT > SHOWN\n", stderr);
		return EXIT_BAD_OPTIONS;
	}
	enum err err = replay_run(stdin, stdout, &fault);
	if (err == ERR_OK && fflush(stdout) != 0)
		err = fault_set(&fault, ERR_UNAVAILABLE, "NOT_WRITTEN", "cannot write to stdout");
	if (err == ERR_OK)
		return 0;
	fprintf(stderr, "progressd: replay: %s\n", fault.text);
	return err == ERR_INVALID_ARGUMENT ? EXIT_BAD_OPTIONS : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "replay") == 0)
		return replay(argc - 2);
	struct config config;
	struct fault fault = {0};
	enum config_action action;
	int status;
	if (config_read(&config, argc, argv, &action, &fault) == ERR_OK) {
		status = act(&config, action);
	} else {
		fprintf(stderr, "progressd: %s\n", fault.text);
		status = EXIT_BAD_OPTIONS;
	}
	config_finish(&config);
	return status;
}
