/* The commands: each one lies in a file of its own, cmd_NAME.c; commands.c lists them. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

#include "options.h"

/* What a command is called with. */
struct command_call {
	const struct options *options;
	struct prg_client *client; /* open, answers at once when the service cannot be reached */
	char **arguments;          /* without the command's name; closed by NULL */
	int argument_count;        /* within the command's bounds */
};

struct command {
	const char *name;
	const char *arguments;   /* for the usage line; "" if there are none */
	const char *summary;     /* one line */
	const char *description; /* whole lines */
	const char *example;     /* whole lines, with their indent */
	const char *exits;       /* whole lines about exit statuses of its own; "" if there are none */
	unsigned options;        /* of option_bit, besides OPTIONS_ALWAYS */
	int arguments_min;
	int arguments_max;
	int (*run)(struct command_call *call); /* returns the exit status */
};

enum { ARGUMENTS_UNLIMITED = 1 << 30 };

extern const struct command command_stages, command_get, command_update, command_set, command_advance, command_simulate,
    command_watch, command_list, command_history, command_cancel, command_create, command_delete, command_run,
    command_bench, command_ping, command_stats, command_token;

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

/* Prints the help of the program. */
void command_print_overview(void);

/* Prints the help of a command. */
void command_print_help(const struct command *command);

/* Runs the program: reads the command line, finds the command, opens the client. Returns the exit status. */
int command_main(int argc, char **argv);

#endif
