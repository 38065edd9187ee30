/* Follows a job to its end. Usage: watch JOB_ID */
#include <prg/prg.h>
#include <stdio.h>

static bool show(const struct prg_progress *progress, void *context)
{
	(void)context;
	printf("%3d %% %s %s\n", progress->progress, progress->label, progress->message);
	return true;
}

int main(int argc, char **argv)
{
	struct prg_client *client;
	if (prg_open(NULL, NULL, &client) != PRG_OK)
		return fprintf(stderr, "%s\n", prg_error()), 1;

	enum prg_code code = prg_watch(client, argc > 1 ? argv[1] : "example", show, NULL);
	if (code != PRG_OK)
		fprintf(stderr, "%s: %s\n", prg_code_name(code), prg_error());
	prg_close(client);
	return code == PRG_OK ? 0 : 1;
}
