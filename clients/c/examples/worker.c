/* A worker: takes a job through its stages. Usage: worker JOB_ID */
#include <prg/prg.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	const char *job = argc > 1 ? argv[1] : "example";
	struct prg_client *client;
	if (prg_open(NULL, NULL, &client) != PRG_OK)
		return fprintf(stderr, "%s\n", prg_error()), 1;

	struct prg_update update = {.message = "12 of 60 seconds"};
	enum prg_code code = prg_update_progress(client, job, PRG_STAGE_TRANSCRIBING, NULL, NULL);
	if (code == PRG_OK)
		code = prg_update_progress_incremental(client, job, PRG_STAGE_TRANSCRIBING, 12, 60, &update, NULL);
	if (code == PRG_OK)
		code = prg_update_progress(client, job, PRG_STAGE_COMPLETED, NULL, NULL);

	if (code != PRG_OK)
		fprintf(stderr, "%s: %s\n", prg_code_name(code), prg_error());
	prg_close(client);
	return code == PRG_OK ? 0 : 1;
}
