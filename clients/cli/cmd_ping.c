/* prg ping: is the service there, which one is it, how far away. */
#include <math.h>
#include <stdio.h>

#include "command.h"
#include "fail.h"
#include "show.h"
#include "times.h"

/* The first call makes the connection, the second one is timed. */
static enum prg_code measure(struct prg_client *client, struct prg_server_info *ret_info, double *ret_seconds)
{
	enum prg_code code = prg_get_server_info(client, ret_info);
	if (code != PRG_OK)
		return code;
	double start = times_steady_seconds();
	code = prg_get_server_info(client, ret_info);
	*ret_seconds = times_steady_seconds() - start;
	return code;
}

static void print_json(const struct prg_server_info *info, const char *url, double seconds)
{
	struct json json = {0};
	json_begin(&json, NULL);
	json_string(&json, "server", url);
	json_string(&json, "version", info->version);
	json_string(&json, "store", info->store);
	json_time(&json, "start_time", info->start_time_ms);
	json_number(&json, "round_trip_ms", round(seconds * 1e6) / 1000);
	json_end(&json);
	show_print_json(&json);
}

static void print_line(const struct prg_server_info *info, const char *url, double seconds)
{
	struct text line = {0};
	text_addf(&line, "progressd %s at %s: %.3f ms, store %s, up for ", info->version, url, seconds * 1000, info->store);
	times_add_duration(&line, (double)(times_wall_ms() - info->start_time_ms) / 1000);
	puts(text_string(&line));
	text_finish(&line);
}

static int run(struct command_call *call)
{
	struct prg_server_info info;
	double seconds;
	enum prg_code code = measure(call->client, &info, &seconds);
	if (code != PRG_OK)
		return fail_call(code);
	const char *url = prg_server_url(call->client);
	if (call->options->json)
		print_json(&info, url, seconds);
	else
		print_line(&info, url, seconds);
	return EXIT_DONE;
}

const struct command command_ping = {
    .name = "ping",
    .arguments = "",
    .summary = "ask the service who it is",
    .description = "Prints the version of the service, its store, how long it is up, and how long an answer takes.\n",
    .example = "  prg ping --server tcp://127.0.0.1:7070\n",
    .exits = "",
    .options = 0,
    .arguments_min = 0,
    .arguments_max = 0,
    .run = run,
};
