/* The list of commands, the way from the command line to one of them, and the help texts. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "fail.h"

static const struct command *const commands[] = {
    &command_get,    &command_watch,  &command_list, &command_history, &command_stages,   &command_stats,
    &command_create, &command_update, &command_set,  &command_advance, &command_simulate, &command_run,
    &command_cancel, &command_delete, &command_ping, &command_bench,   &command_token,
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static const char exits_text[] = "Exit status:\n"
                                 "  0  done\n"
                                 "  2  the command line is wrong\n"
                                 "  3  there is no such job\n"
                                 "  4  the service refused\n"
                                 "  5  the service cannot be reached, or did not answer in time\n";

const struct command *command_find(const char *name)
{
	for (int i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

void command_print_overview(void)
{
	struct text text = {0};
	text_add(&text, "prg shows and reports how far long-running jobs are.\n\n"
	                "Usage: prg COMMAND [ARGUMENT…] [OPTION…]\n\nCommands:\n");
	for (int i = 0; i < COMMAND_COUNT; i++) {
		struct text left = {0};
		text_addf(&left, "  %s %s", commands[i]->name, commands[i]->arguments);
		text_add_padded(&text, text_string(&left), 36);
		text_addf(&text, "  %s\n", commands[i]->summary);
		text_finish(&left);
	}
	text_add(&text, "\nOptions of every command:\n");
	options_describe(&text, OPTIONS_ALWAYS);
	text_add(&text, "\nExample:\n  prg update job-1 downloading -m 'fetching the video'\n  prg watch job-1\n\n");
	text_add(&text, exits_text);
	text_add(&text, "'prg COMMAND --help' tells more about a command.\n");
	fputs(text_string(&text), stdout);
	text_finish(&text);
}

void command_print_help(const struct command *command)
{
	struct text text = {0};
	text_addf(&text, "prg %s: %s\n\nUsage: prg %s [OPTION…]%s%s\n\n%s\nOptions:\n", command->name, command->summary,
	          command->name, command->arguments[0] != '\0' ? " " : "", command->arguments, command->description);
	options_describe(&text, command->options | OPTIONS_ALWAYS);
	text_addf(&text, "\nExample:\n%s\n%s%s", command->example, exits_text, command->exits);
	fputs(text_string(&text), stdout);
	text_finish(&text);
}

static int run_with_client(const struct command *command, struct command_call *call)
{
	struct prg_options client_options = options_client(call->options);
	client_options.fail_fast = true;
	enum prg_code code = prg_open(call->options->server, &client_options, &call->client);
	if (code == PRG_INVALID_ARGUMENT)
		return fail_usage(NULL, "%s", prg_error());
	if (code != PRG_OK)
		return fail_call(code);
	int status = command->run(call);
	prg_close(call->client);
	return status;
}

static int run_command(const struct command *command, const struct options *options)
{
	const char *foreign = options_find_foreign(options, command->options | OPTIONS_ALWAYS);
	if (foreign != NULL)
		return fail_usage(command->name, "prg %s does not take the option --%s", command->name, foreign);
	struct command_call call = {
	    .options = options, .arguments = options->arguments + 1, .argument_count = options->argument_count - 1};
	if (call.argument_count < command->arguments_min)
		return fail_usage(command->name, "something is missing: prg %s %s", command->name, command->arguments);
	if (call.argument_count > command->arguments_max)
		return fail_usage(command->name, "'%s' is too much: prg %s %s", call.arguments[command->arguments_max],
		                  command->name, command->arguments);
	return run_with_client(command, &call);
}

/* Output that could not be written must not look like success. */
static int close_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	perror("prg: cannot write to stdout");
	return status != EXIT_DONE ? status : EXIT_REFUSED;
}

static int print_command_help(const char *name)
{
	const struct command *command = command_find(name);
	if (command == NULL)
		return fail_usage(NULL, "there is no command '%s'", name);
	command_print_help(command);
	return EXIT_DONE;
}

static int choose(const struct options *options)
{
	bool help = options->given & OPTION_HELP;
	const char *name = options->argument_count > 0 ? options->arguments[0] : NULL;
	if (name != NULL && strcmp(name, "help") == 0) {
		help = true;
		name = options->argument_count > 1 ? options->arguments[1] : NULL;
	}
	if (options->given & OPTION_VERSION) {
		printf("prg %s\n", prg_version());
		return EXIT_DONE;
	}
	if (help && name != NULL)
		return print_command_help(name);
	if (help) {
		command_print_overview();
		return EXIT_DONE;
	}
	if (name == NULL)
		return fail_usage(NULL, "which command?");
	const struct command *command = command_find(name);
	if (command == NULL)
		return fail_usage(NULL, "there is no command '%s'", name);
	return run_command(command, options);
}

int command_main(int argc, char **argv)
{
	struct options options;
	if (!options_read(argc, argv, &options))
		return EXIT_USAGE;
	return close_output(choose(&options));
}
