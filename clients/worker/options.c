/* The command line of clip-worker. */
#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <prg/prg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPEECH_MODEL "/usr/share/pocketsphinx/model/en-us"

enum {
	SOURCE_BYTES_MAX = 1000,
	OUT_BYTES_MAX = 500,
	JOB_ID_BYTES_MAX = 128,
	LEASE_SECONDS = 30,
	LEASE_SECONDS_MAX = 86400
};

static const char help[] =
    "Usage: clip-worker [OPTION]... URL\n"
    "Makes short vertical clips with subtitles of a video, and reports its progress to progressd.\n"
    "URL is http://, https://, file:// or the path of a file.\n"
    "\n"
    "  --job ID       name of the job (default: made up by the service); a job that waits in the queue is taken up,\n"
    "                 one whose worker died is begun again as its next attempt\n"
    "  --server URL   the progress service (default: $PRG_SERVER, else where progressd listens by default)\n"
    "  --work DIR     folder for temporary files (default: $TMPDIR or /tmp)\n"
    "  --out DIR|URL  where the results go; by HTTP PUT if it is a URL (default: clips/JOB)\n"
    "  --lease SECONDS  after so long a silence the job counts as stalled (default: 30; 0: never)\n"
    "  --model DIR    pocketsphinx model (default: " SPEECH_MODEL ")\n"
    "  --keep         leave the temporary files\n"
    "  --help         this text\n"
    "  --version      the version\n"
    "\n"
    "Exit: 0 completed, 1 failed, 130 cancelled, 2 usage.\n";

static enum options_verdict refuse(const char *what, const char *value)
{
	fprintf(stderr, "clip-worker: %s%s%s; see clip-worker --help\n", what, value ? ": " : "", value ? value : "");
	return OPTIONS_EXIT_USAGE;
}

static bool job_id_is_valid(const char *id)
{
	size_t length = strlen(id);
	if (length == 0 || length > JOB_ID_BYTES_MAX || !isalnum((unsigned char)id[0]))
		return false;
	return strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-") == length;
}

static bool source_is_valid(const char *source)
{
	for (const char *at = source; *at; at++)
		if (iscntrl((unsigned char)*at))
			return false;
	return *source && strlen(source) <= SOURCE_BYTES_MAX;
}

static bool read_lease(const char *text, double *ret_seconds)
{
	char *end;
	double seconds = strtod(text, &end);
	if (end == text || *end || !(seconds >= 0 && seconds <= LEASE_SECONDS_MAX))
		return false;
	*ret_seconds = seconds;
	return true;
}

static enum options_verdict check(struct options *options, int rest, char **argv)
{
	if (rest != 1)
		return refuse(rest ? "more than one URL" : "the URL of a video is missing", rest ? argv[1] : NULL);
	options->source = argv[0];
	if (!source_is_valid(options->source))
		return refuse("the URL must be 1 to 1000 bytes without control characters", NULL);
	if (options->out && (!*options->out || strlen(options->out) > OUT_BYTES_MAX))
		return refuse("--out must be 1 to 500 bytes", NULL);
	if (options->job_id && !job_id_is_valid(options->job_id))
		return refuse("a job id is 1 to 128 of A-Z a-z 0-9 . _ : - and begins with a letter or digit", options->job_id);
	return OPTIONS_RUN;
}

enum options_verdict options_read(int argc, char **argv, struct options *ret_options)
{
	static const struct option known[] = {
	    {"job", required_argument, NULL, 'j'},   {"server", required_argument, NULL, 's'},
	    {"work", required_argument, NULL, 'w'},  {"out", required_argument, NULL, 'o'},
	    {"lease", required_argument, NULL, 'l'}, {"model", required_argument, NULL, 'm'},
	    {"keep", no_argument, NULL, 'k'},        {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},     {NULL, 0, NULL, 0},
	};
	const char *temporary = getenv("TMPDIR");
	struct options options = {
	    .work = temporary && *temporary ? temporary : "/tmp", .model = SPEECH_MODEL, .lease_seconds = LEASE_SECONDS};
	for (int option; (option = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
		switch (option) {
		case 'j':
			options.job_id = optarg;
			break;
		case 's':
			options.server = optarg;
			break;
		case 'w':
			options.work = optarg;
			break;
		case 'o':
			options.out = optarg;
			break;
		case 'l':
			if (!read_lease(optarg, &options.lease_seconds))
				return refuse("--lease must be a number of seconds from 0 to 86400", optarg);
			break;
		case 'm':
			options.model = optarg;
			break;
		case 'k':
			options.keep = true;
			break;
		case 'h':
			fputs(help, stdout);
			return OPTIONS_EXIT_OK;
		case 'V':
			printf("clip-worker %s\n", prg_version());
			return OPTIONS_EXIT_OK;
		default: /* getopt has said what is wrong */
			return OPTIONS_EXIT_USAGE;
		}
	}
	enum options_verdict verdict = check(&options, argc - optind, argv + optind);
	if (verdict == OPTIONS_RUN)
		*ret_options = options;
	return verdict;
}
