/* Small words for the tests of the job room: updates as one expression, and steps that must end in one way. */
#ifndef TESTS_JOB_STEPS_H
#define TESTS_JOB_STEPS_H

#include "job/job.h"

/* When born jobs are born. */
enum { BIRTH_MS = 1000000 };

/* A job "j" as created without an update. The test destroys it. */
struct job *born(void);

/* The same, created by a first update. */
struct job *born_by(struct job_update first);

/* An update of nobody's, to a stage, a percent or a fraction of a stage; the stage by its number. */
struct job_update at_stage(int stage);
struct job_update at_percent(int stage, double percent);
struct job_update at_fraction(int stage, double fraction);

/* The same update with something more. */
struct job_update saying(struct job_update update, const char *message);
struct job_update in_attempt(struct job_update update, uint32_t attempt);
struct job_update from_writer(struct job_update update, const char *writer, uint64_t sequence);
struct job_update from_request(struct job_update update, const char *request_id);

/* Applies the update a tenth of a second after the job's latest time. Each checks that the job is sound, that the
 * revision rises by one if and only if the update is applied, and that an error changes nothing. */
void step_applied(struct job *job, struct job_update update);
void step_absorbed(struct job *job, struct job_update update);
/* Returns the repeated answer, borrowed until the job changes. */
const struct job_view *step_repeated(struct job *job, struct job_update update);
void step_refused(struct job *job, struct job_update update, enum err code, const char *reason);

/* The whole percent that the job shows. */
int shown(const struct job *job);

/* Whether both jobs are the same down to the last mark: compares their records. */
/* What the corridor does after the rules: lets the bar follow them. `update` may be NULL. */
void pace_on(struct job *job, const struct job_update *update, int64_t now_ms);

bool is_same(const struct job *a, const struct job *b);

/* The job after it was put into a store's record and opened again. The test destroys it. */
struct job *reload(const struct job *job);

#endif
