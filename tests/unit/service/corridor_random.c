/* The same random commands one by one and in batches of any size must give the same answers and the same records. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "stand.h"
#include "support/random.h"

enum { ROUNDS = 60, COMMANDS = 400, JOBS = 5 };

static const char *const jobs[JOBS] = {"a", "b", "c", "d", "e"};
static const char *const writers[] = {"w0", "w1", ""};
static const char *const requests[] = {"r0", "r1", "r2", "r3"};
static const char *const messages[] = {"", "one", "two"};

struct choice {
	enum command_kind kind;
	const char *job_id;
	struct job_update update;
	const char *request_id;
};

/* `sequence` counts the updates that have a writer; NULL: none has. */
static struct choice choose(struct random *random, uint64_t *sequence)
{
	uint64_t dice = random_below(random, 20);
	struct choice choice = {
	    .kind = dice < 13   ? COMMAND_UPDATE
	            : dice < 16 ? COMMAND_READ
	            : dice < 18 ? COMMAND_CREATE
	                        : COMMAND_DELETE,
	    .job_id = jobs[random_below(random, JOBS)],
	    .request_id = requests[random_below(random, 4)],
	};
	int stage = (int)(1 + random_below(random, random_below(random, 4) == 0 ? stages_count() : STAGE_PROCESSING));
	choice.update = to_percent(stage, (double)random_below(random, 101));
	choice.update.claim = (enum job_claim)random_below(random, 2);
	choice.update.message = messages[random_below(random, 3)];
	choice.update.attempt = random_below(random, 8) == 0 ? (uint32_t)random_below(random, 4) : 0;
	if (sequence == NULL)
		return choice;
	choice.update.origin.writer = writers[random_below(random, 3)];
	if (*choice.update.origin.writer != '\0')
		choice.update.origin.sequence =
		    random_below(random, 5) == 0 ? 1 + random_below(random, *sequence) : ++*sequence;
	return choice;
}

static struct asked *ask(struct stand *stand, const struct choice *choice)
{
	switch (choice->kind) {
	case COMMAND_UPDATE:
		return ask_update(stand, "u", choice->job_id, choice->update);
	case COMMAND_CREATE:
		return ask_create(stand, "c", choice->job_id, choice->request_id);
	case COMMAND_DELETE:
		return ask_delete(stand, "d", choice->job_id);
	default:
		return ask_read(stand, "r", choice->job_id);
	}
}

static void check_same_answer(const struct asked *a, const struct asked *b)
{
	cr_assert_eq(a->call.fault.code, b->call.fault.code, "%s / %s", a->call.fault.text, b->call.fault.text);
	if (a->call.fault.code != ERR_OK) {
		cr_assert_str_eq(a->call.fault.text, b->call.fault.text);
		return;
	}
	cr_assert_eq(a->call.response.length, b->call.response.length);
	cr_assert_eq(memcmp(a->call.response.at, b->call.response.at, a->call.response.length), 0);
}

static void check_same_records(struct stand *a, struct stand *b)
{
	for (size_t i = 0; i < JOBS; i++) {
		size_t a_length, b_length;
		uint8_t *a_bytes = fake_store_bytes(&a->store, jobs[i], &a_length);
		uint8_t *b_bytes = fake_store_bytes(&b->store, jobs[i], &b_length);
		cr_assert_eq(a_length, b_length);
		cr_assert(a_length == 0 || memcmp(a_bytes, b_bytes, a_length) == 0);
		free(a_bytes);
		free(b_bytes);
	}
}

/* That a report was absorbed is stored with the next change only; so every job that goes on is changed once more. */
static void change_all(struct stand *stand)
{
	struct job_update restart = to_stage(STAGE_QUEUED);
	restart.attempt = 100;
	for (size_t i = 0; i < JOBS; i++)
		ask_update(stand, "last", jobs[i], restart);
	stand_walk(stand);
}

/* Takes the words that begin with "told" out of the log, in their order. */
static void keep_told(char *log)
{
	char *end = log, *rest = NULL;
	for (char *word = strtok_r(log, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		if (strncmp(word, "told", 4) != 0)
			continue;
		size_t length = strlen(word);
		memmove(end, word, length);
		end += length;
	}
	*end = '\0';
}

static void run_round(struct random *random, size_t cached_jobs_max, uint64_t *sequence)
{
	struct stand *single = stand_create(1000), *batched = stand_create(cached_jobs_max);
	struct asked *pairs[COMMANDS][2];
	for (int i = 0; i < COMMANDS; i++) {
		struct choice choice = choose(random, sequence);
		pairs[i][0] = ask(single, &choice);
		stand_walk(single);
		pairs[i][1] = ask(batched, &choice);
		if (random_below(random, 12) == 0)
			stand_walk(batched);
	}
	stand_walk(batched);
	for (int i = 0; i < COMMANDS; i++)
		check_same_answer(pairs[i][0], pairs[i][1]);
	change_all(single);
	change_all(batched);
	check_same_records(single, batched);
	keep_told(single->log);
	keep_told(batched->log);
	cr_assert_str_eq(single->log, batched->log);
	stand_destroy(single);
	stand_destroy(batched);
}

Test(corridor_batches, gives_the_same_answers_events_and_records_one_by_one_and_in_batches)
{
	struct random random;
	random_start(&random, "corridor_batches");
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t sequence = 1;
		run_round(&random, JOBS, &sequence);
	}
}

/* Without writers: that a report was absorbed is remembered by the job at hand and stored with its next change only. */
Test(corridor_batches, gives_the_same_answers_events_and_records_whatever_the_cache_drops)
{
	struct random random;
	random_start(&random, "corridor_batches_cache");
	for (int i = 0; i < ROUNDS; i++)
		run_round(&random, random_below(&random, JOBS), NULL);
}

/* Loads and commits fail at random: afterwards the store holds exactly what was acknowledged. */
static void run_hard_round(struct random *random)
{
	struct stand *stand = stand_create(random_below(random, 2 * JOBS));
	uint64_t sequence = 1, revisions[JOBS] = {0};
	for (int i = 0; i < COMMANDS / 10; i++) {
		struct asked *batch[10];
		struct choice choices[10];
		stand->store.commit_err = stand->store.load_err = ERR_UNAVAILABLE;
		stand->store.commit_failures = random_below(random, 3) == 0;
		stand->store.load_failures = random_below(random, 5) == 0;
		for (int j = 0; j < 10; j++) {
			choices[j] = choose(random, &sequence);
			batch[j] = ask(stand, &choices[j]);
		}
		stand_walk(stand);
		for (int j = 0; j < 10; j++) {
			uint64_t *revision = &revisions[strchr("abcde", *choices[j].job_id) - "abcde"];
			bool is_change = choices[j].kind == COMMAND_UPDATE && batch[j]->outcome == JOB_OUTCOME_APPLIED;
			bool is_birth = choices[j].kind == COMMAND_CREATE && batch[j]->outcome == JOB_OUTCOME_APPLIED;
			if (batch[j]->info == NULL)
				continue;
			if (choices[j].kind == COMMAND_DELETE)
				*revision = 0;
			else if (is_change || is_birth)
				cr_assert_eq(batch[j]->info->revision, ++*revision);
		}
	}
	for (size_t i = 0; i < JOBS; i++) {
		struct job *job = fake_store_find(&stand->store, jobs[i]);
		cr_assert_eq(job != NULL ? job->view.revision : 0, revisions[i]);
		job_destroy(job);
	}
	stand_destroy(stand);
}

Test(corridor_batches, keeps_exactly_what_it_acknowledged_when_the_store_fails_at_random)
{
	struct random random;
	random_start(&random, "corridor_batches_failures");
	for (int i = 0; i < ROUNDS; i++)
		run_hard_round(&random);
}

/* Somebody else starts the jobs anew, again and again, just before commits. */
static void run_meddled_round(struct random *random)
{
	struct stand *stand = stand_create(random_below(random, 2 * JOBS));
	uint64_t changes = 0, kept = 0;
	stand->store.meddling = to_stage(STAGE_QUEUED);
	stand->store.meddling.attempt = 2;
	for (int i = 0; i < COMMANDS / 10; i++) {
		struct asked *batch[10];
		int meddlings = (int)random_below(random, 4);
		stand->store.meddled = jobs[random_below(random, JOBS)];
		stand->store.meddlings = meddlings;
		for (int j = 0; j < 10; j++) {
			int stage = (int)(STAGE_QUEUED + random_below(random, STAGE_ANALYZING));
			struct job_update update = to_percent(stage, (double)random_below(random, 101));
			batch[j] = ask_update(stand, "u", jobs[random_below(random, JOBS)], update);
		}
		stand_walk(stand);
		changes += (uint64_t)(meddlings - stand->store.meddlings);
		for (int j = 0; j < 10; j++)
			changes += batch[j]->info != NULL && batch[j]->outcome == JOB_OUTCOME_APPLIED;
	}
	for (size_t i = 0; i < JOBS; i++) {
		struct job *job = fake_store_find(&stand->store, jobs[i]);
		kept += job != NULL ? job->view.revision : 0;
		job_destroy(job);
	}
	cr_assert_eq(kept, changes);
	stand_destroy(stand);
}

Test(corridor_batches, lose_no_change_when_somebody_else_changes_the_same_jobs)
{
	struct random random;
	random_start(&random, "corridor_batches_meddled");
	for (int i = 0; i < ROUNDS; i++)
		run_meddled_round(&random);
}
