/* The parts of a job: metadata, stays in stages, copies; and the table of stages. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "steps.h"

static struct job_update with_entry(struct job_update update, const struct job_entry *entry)
{
	update.metadata = entry;
	update.metadata_count = 1;
	return update;
}

static void put_entry(struct job *job, const char *key, const char *value, bool is_news)
{
	char key_bytes[80], value_bytes[80];
	snprintf(key_bytes, sizeof key_bytes, "%s", key);
	snprintf(value_bytes, sizeof value_bytes, "%s", value);
	struct job_entry entry = {key_bytes, value_bytes};
	(is_news ? step_applied : step_absorbed)(job, with_entry(at_stage(STAGE_QUEUED), &entry));
}

Test(job_apply, merges_metadata_sorted_by_key)
{
	struct job *job = born();
	put_entry(job, "m", "1", true);
	put_entry(job, "z", "2", true);
	put_entry(job, "a", "3", true);
	put_entry(job, "m", "1", false);
	put_entry(job, "m", "4", true);
	put_entry(job, "z", "", true);
	cr_assert_eq(job->metadata_count, 3);
	cr_assert_str_eq(job->metadata[0].key, "a");
	cr_assert_str_eq(job->metadata[1].key, "m");
	cr_assert_str_eq(job->metadata[1].value, "4");
	cr_assert_str_eq(job->metadata[2].value, "");
	job_destroy(job);
}

Test(job_apply, takes_the_last_of_two_entries_with_one_key)
{
	struct job *job = born();
	char key[] = "k", first[] = "1", second[] = "2";
	struct job_entry entries[] = {{key, first}, {key, second}};
	struct job_update update = at_stage(STAGE_QUEUED);
	update.metadata = entries;
	update.metadata_count = 2;
	step_applied(job, update);
	cr_assert_eq(job->metadata_count, 1);
	cr_assert_str_eq(job->metadata[0].value, "2");
	job_destroy(job);
}

Test(job_apply, refuses_the_65th_metadata_key_but_still_changes_values)
{
	struct job *job = born();
	char key[16];
	for (int i = 0; i < JOB_METADATA_ENTRIES_MAX; i++) {
		snprintf(key, sizeof key, "k%02d", i);
		put_entry(job, key, "v", true);
	}
	struct job_entry more = {(char[]){"l"}, (char[]){"v"}};
	step_refused(job, with_entry(at_stage(STAGE_ANALYZING), &more), ERR_RESOURCE_EXHAUSTED, "METADATA_FULL");
	put_entry(job, "k63", "w", true);
	job_destroy(job);
}

Test(job_apply, keeps_metadata_through_stages_attempts_and_the_end)
{
	struct job *job = born();
	put_entry(job, "k", "v", true);
	step_applied(job, at_stage(STAGE_ANALYZING));
	step_applied(job, in_attempt(at_stage(STAGE_DOWNLOADING), 2));
	step_applied(job, at_stage(STAGE_FAILED));
	cr_assert_eq(job->metadata_count, 1);
	job_destroy(job);
}

Test(job_apply, counts_a_clock_that_goes_backwards_as_standing_still)
{
	struct job *job = born();
	struct job_result result;
	struct fault fault;
	struct job_update update = at_stage(STAGE_DOWNLOADING);
	cr_assert_eq(job_apply(job, &update, BIRTH_MS + 500, &result, &fault), ERR_OK);
	update = at_stage(STAGE_DOWNLOADED);
	cr_assert_eq(job_apply(job, &update, BIRTH_MS - 9000, &result, &fault), ERR_OK);
	cr_assert_eq(job->view.updated_ms, BIRTH_MS + 500);
	cr_assert_eq(job->view.stage_entered_ms, BIRTH_MS + 500);
	update = at_stage(STAGE_FAILED);
	cr_assert_eq(job_apply(job, &update, 0, &result, &fault), ERR_OK);
	cr_assert_eq(job->view.ended_ms, BIRTH_MS + 500);
	cr_assert(job_is_sound(job));
	job_destroy(job);
}

Test(job_apply, writes_down_every_stay_without_gaps)
{
	static const int path[] = {STAGE_DOWNLOADING, STAGE_DOWNLOADED, STAGE_TRANSCRIBING, STAGE_COMPLETED,
	                           STAGE_POSTING_TIKTOK};
	enum { STEPS = sizeof path / sizeof *path };
	struct job *job = born();
	struct job_result result;
	struct fault fault;
	for (int i = 0; i < STEPS; i++) {
		struct job_update update = at_stage(path[i]);
		cr_assert_eq(job_apply(job, &update, BIRTH_MS + 1000 * (i + 1), &result, &fault), ERR_OK);
	}
	cr_assert_eq(job->span_count, STEPS);
	for (int i = 0; i < STEPS; i++) {
		cr_assert_eq(job->spans[i].stage, i == 0 ? STAGE_QUEUED : path[i - 1]);
		cr_assert_eq(job->spans[i].started_ms, BIRTH_MS + 1000 * i);
		cr_assert_eq(job->spans[i].ended_ms, BIRTH_MS + 1000 * (i + 1));
		cr_assert_eq(job->spans[i].outcome, SPAN_OUTCOME_FINISHED);
		cr_assert_eq(job->spans[i].run, 1);
	}
	job_destroy(job);
}

Test(job_apply, says_how_a_stay_ended)
{
	struct job *job = born();
	step_applied(job, in_attempt(at_stage(STAGE_ANALYZING), 2));
	cr_assert_eq(job->spans[0].outcome, SPAN_OUTCOME_SUPERSEDED);
	cr_assert_eq(job->spans[0].attempt, 1);
	step_applied(job, at_stage(STAGE_ERROR));
	cr_assert_eq(job->spans[1].outcome, SPAN_OUTCOME_FAILED);
	cr_assert_eq(job->spans[1].attempt, 2);
	job_destroy(job);
	job = born();
	step_applied(job, at_stage(STAGE_CANCELLED));
	cr_assert_eq(job->spans[0].outcome, SPAN_OUTCOME_CANCELLED);
	job_destroy(job);
}

Test(job_apply, remembers_no_more_than_256_stays)
{
	struct job *job = born();
	for (uint32_t attempt = 2; attempt < 2 * JOB_SPANS_MAX; attempt++)
		step_applied(job, in_attempt(at_stage(STAGE_DOWNLOADING), attempt));
	cr_assert_eq(job->span_count, JOB_SPANS_MAX);
	cr_assert_eq(job->spans[JOB_SPANS_MAX - 1].attempt, 2 * JOB_SPANS_MAX - 2);
	cr_assert_eq(job->spans[0].attempt, JOB_SPANS_MAX - 1);
	job_destroy(job);
}

Test(job_copy, owns_a_copy_of_everything)
{
	struct job *job = born_by(saying(from_writer(at_stage(STAGE_DOWNLOADING), "w", 1), "m"));
	step_applied(job, from_request(saying(at_stage(STAGE_FAILED), "why"), "r"));
	job->cancel_requested = true;
	job->cancel_reason = strdup("no time");
	job->ttl_ms = 9;
	strcpy(job->parent, "p");
	struct job *copy = job_copy(job);
	cr_assert(is_same(job, copy));
	cr_assert_neq(copy->view.message, job->view.message);
	cr_assert_neq(copy->marks[0].answer, job->marks[0].answer);
	job_destroy(job);
	cr_assert_str_eq(copy->view.error, "why");
	cr_assert_str_eq(copy->cancel_reason, "no time");
	cr_assert(job_is_sound(copy));
	job_destroy(copy);
}

Test(stages_find_status, finds_every_stage_by_its_name_in_any_case)
{
	for (size_t i = 0; i < stages_count(); i++) {
		const struct stage *stage = &stages_all()[i];
		char name[80];
		snprintf(name, sizeof name, "%s", stage->status);
		cr_assert_eq(stages_find_status(name), stage);
		for (size_t c = 0; name[c] != '\0'; c += 2)
			name[c] = (char)toupper((unsigned char)name[c]);
		cr_assert_eq(stages_find_status(name), stage);
		cr_assert_eq(stages_find(stage->number), stage);
		cr_assert_not_null(strstr(stages_status_list(), stage->status));
	}
	static const char *const wrong[] = {"", "queue", "queuedd", " queued", "unspecified", "PIPELINE_STAGE_QUEUED"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		cr_assert_null(stages_find_status(wrong[i]));
}

Test(stages_find, knows_no_other_numbers)
{
	static const int wrong[] = {0, -1, 17, 1000, -2147483647 - 1, 2147483647};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		cr_assert_null(stages_find(wrong[i]));
}

Test(stages_all, has_the_numbers_of_the_contract)
{
	static const struct {
		const char *status;
		int start, end;
		double typical_s;
		enum stage_flow flow;
		enum job_state ends_as;
	} table[] = {
	    {"queued", 0, 5, 0, STAGE_FLOW_MAIN, JOB_STATE_UNSPECIFIED},
	    {"downloading", 5, 15, 180, STAGE_FLOW_MAIN, JOB_STATE_UNSPECIFIED},
	    {"downloaded", 15, 18, 0, STAGE_FLOW_MAIN, JOB_STATE_UNSPECIFIED},
	    {"uploading", 18, 20, 0, STAGE_FLOW_MAIN, JOB_STATE_UNSPECIFIED},
	    {"processing_started", 20, 25, 0, STAGE_FLOW_MAIN, JOB_STATE_UNSPECIFIED},
	    {"transcribing", 25, 50, 420, STAGE_FLOW_MAIN, JOB_STATE_UNSPECIFIED},
	    {"analyzing", 50, 70, 150, STAGE_FLOW_MAIN, JOB_STATE_UNSPECIFIED},
	    {"processing", 70, 90, 240, STAGE_FLOW_MAIN, JOB_STATE_UNSPECIFIED},
	    {"uploading_clips", 90, 100, 120, STAGE_FLOW_MAIN, JOB_STATE_UNSPECIFIED},
	    {"completed", 100, 100, 0, STAGE_FLOW_MAIN, JOB_STATE_SUCCEEDED},
	    {"failed", 0, 0, 0, STAGE_FLOW_ANY, JOB_STATE_FAILED},
	    {"error", 0, 0, 0, STAGE_FLOW_ANY, JOB_STATE_FAILED},
	    {"cancelled", 0, 0, 0, STAGE_FLOW_ANY, JOB_STATE_CANCELLED},
	    {"posting_tiktok", 80, 85, 0, STAGE_FLOW_POSTING, JOB_STATE_UNSPECIFIED},
	    {"posting_instagram", 85, 100, 0, STAGE_FLOW_POSTING, JOB_STATE_UNSPECIFIED},
	    {"posting_completed", 100, 100, 0, STAGE_FLOW_POSTING, JOB_STATE_SUCCEEDED},
	};
	cr_assert_eq(stages_count(), sizeof table / sizeof *table);
	for (size_t i = 0; i < stages_count(); i++) {
		const struct stage *stage = &stages_all()[i];
		cr_assert_str_eq(stage->status, table[i].status);
		cr_assert_eq(stage->start_percent, table[i].start);
		cr_assert_eq(stage->end_percent, table[i].end);
		cr_assert_eq(stage->typical_seconds, table[i].typical_s);
		cr_assert_eq(stage->flow, table[i].flow);
		cr_assert_eq(stage->ends_as, table[i].ends_as);
	}
}

Test(job_state_name, names_every_state)
{
	cr_assert_str_eq(job_state_name(JOB_STATE_ACTIVE), "active");
	cr_assert_str_eq(job_state_name(JOB_STATE_STALLED), "stalled");
	cr_assert_str_eq(job_state_name(JOB_STATE_SUCCEEDED), "succeeded");
	cr_assert_str_eq(job_state_name(JOB_STATE_FAILED), "failed");
	cr_assert_str_eq(job_state_name(JOB_STATE_CANCELLED), "cancelled");
	cr_assert_str_eq(job_state_name((enum job_state)99), "unspecified");
}
