/* Many updates without waiting for each: what is called while a call is under way leaves together in the next one.
 * Usage: async */
#include <prg/prg.h>
#include <stdio.h>

static void show_failure(const struct prg_result *result, void *context)
{
	unsigned *applied = context;
	if (result->code != PRG_OK)
		fprintf(stderr, "%s: %s\n", result->job_id, result->error);
	*applied += result->outcome == PRG_OUTCOME_APPLIED;
}

int main(void)
{
	enum { JOBS = 10, FRAMES = 1000 };
	struct prg_client *client;
	unsigned applied = 0; /* callbacks come one at a time, and none after prg_flush */
	if (prg_open(NULL, NULL, &client) != PRG_OK)
		return 1;
	for (int frame = 1; frame <= FRAMES; frame++) {
		for (int i = 0; i < JOBS; i++) {
			char job_id[16];
			snprintf(job_id, sizeof job_id, "clip-%d", i);
			if (prg_update_progress_incremental_async(client, job_id, PRG_STAGE_PROCESSING, frame, FRAMES, NULL,
			                                          show_failure, &applied) != PRG_OK)
				fprintf(stderr, "%s: %s\n", job_id, prg_error());
		}
	}
	if (prg_flush(client) != PRG_OK)
		fprintf(stderr, "%s\n", prg_error());
	printf("%u updates applied\n", applied);
	prg_close(client);
	return 0;
}
