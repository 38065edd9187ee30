/* Random updates such as workers send them, the good, the late, the repeated and the senseless. */
#ifndef TESTS_JOB_WALK_H
#define TESTS_JOB_WALK_H

#include "job/job.h"
#include "support/random.h"

enum { WALKS = 20000, WALK_STEPS = 60, WALK_WRITERS = 3, WALK_REQUESTS = 12 };

struct walk {
	struct random *random;
	int64_t now_ms; /* mostly rises, sometimes falls */
	uint64_t sequences[WALK_WRITERS];
	struct job_update sent[WALK_STEPS + 1];
	size_t sent_count;
	bool is_modest; /* no percentages of the caller's choice */
};

/* One update with its outcome. */
struct walk_step {
	const struct job_update *update;
	struct job_view before; /* numbers only: the strings may be gone */
	enum err err;
	struct job_result result; /* if err is ERR_OK */
};

/* Starts a walk and gives birth to its job, bare or by a first update. The test destroys the job. */
struct job *walk_start(struct walk *walk, struct random *random, bool is_modest);

/* Makes up the next update; it lives as long as the walk. */
const struct job_update *walk_choose(struct walk *walk, const struct job *job);

/* Makes up an update and applies it. */
struct walk_step walk_on(struct walk *walk, struct job *job);

/* Applies that update at the walk's present time. */
struct walk_step walk_apply(const struct walk *walk, struct job *job, const struct job_update *update);

#endif
