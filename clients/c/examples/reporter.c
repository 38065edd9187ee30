/* A hot loop that reports each step for nanoseconds, and stops when it is asked to. Usage: reporter JOB_ID */
#include <inttypes.h>
#include <prg/prg.h>
#include <stdio.h>

enum { STEPS = 50000000 };

static uint64_t work_on(uint64_t sum, uint64_t step)
{
	return (sum ^ step) * 0x9e3779b97f4a7c15;
}

int main(int argc, char **argv)
{
	const char *job = argc > 1 ? argv[1] : "example";
	struct prg_client *client;
	struct prg_reporter *reporter;
	if (prg_open(NULL, NULL, &client) != PRG_OK ||
	    prg_reporter_start(client, job, PRG_STAGE_ANALYZING, STEPS, NULL, &reporter) != PRG_OK)
		return fprintf(stderr, "%s\n", prg_error()), 1;

	uint64_t sum = 0, step = 0;
	bool stop = false;
	while (step < STEPS && !stop) {
		sum = work_on(sum, step++);
		stop = prg_reporter_tick(reporter, step);
	}

	enum prg_code code = prg_reporter_finish(reporter, NULL);
	printf("%" PRIu64 " steps, sum %016" PRIx64 "%s\n", step, sum, stop ? ", stopped on request" : "");
	if (code != PRG_OK)
		fprintf(stderr, "%s: %s\n", prg_code_name(code), prg_error());
	prg_close(client);
	return code == PRG_OK ? 0 : 1;
}
