/* Names of numbers, and the table of stages as it was built. */
#include <criterion/criterion.h>
#include <prg/prg.h>
#include <string.h>

Test(prg_code_name, knows_all_codes_and_nothing_else)
{
	cr_assert_str_eq(prg_code_name(PRG_OK), "ok");
	cr_assert_str_eq(prg_code_name(PRG_NOT_FOUND), "not_found");
	cr_assert_str_eq(prg_code_name(PRG_UNAUTHENTICATED), "unauthenticated");
	cr_assert_str_eq(prg_code_name((enum prg_code)17), "unknown");
	cr_assert_str_eq(prg_code_name((enum prg_code) - 1), "unknown");
}

Test(prg_state_name, names_all_kinds_of_numbers)
{
	cr_assert_str_eq(prg_state_name(PRG_STATE_CANCELLED), "cancelled");
	cr_assert_str_eq(prg_source_name(PRG_SOURCE_MEASURED), "measured");
	cr_assert_str_eq(prg_outcome_name(PRG_OUTCOME_DUPLICATE), "duplicate");
	cr_assert_str_eq(prg_durability_name(PRG_DURABILITY_MEMORY), "memory");
	cr_assert_str_eq(prg_flag_name(PRG_FLAG_NONE), "none");
	cr_assert_str_eq(prg_flag_name(PRG_FLAG_OVERDUE), "overdue");
	cr_assert_str_eq(prg_flow_name(PRG_FLOW_ANY), "any");
	cr_assert_str_eq(prg_flow_name((enum prg_flow)99), "unknown");
}

Test(prg_stage_find, has_the_rows_of_the_schema)
{
	const struct prg_stage_info *row = prg_stage_find(PRG_STAGE_TRANSCRIBING);
	cr_assert_not_null(row);
	cr_assert_str_eq(row->status, "transcribing");
	cr_assert_eq(row->start_percent, 25);
	cr_assert_eq(row->end_percent, 50);
	cr_assert_float_eq(row->typical_seconds, 420, 1e-9);
	cr_assert_eq(row->flow, PRG_FLOW_MAIN);
	cr_assert_eq(row->ends_as, PRG_STATE_UNSPECIFIED);
	cr_assert_eq(prg_stage_find(PRG_STAGE_FAILED)->ends_as, PRG_STATE_FAILED);
	cr_assert_null(prg_stage_find(PRG_STAGE_UNSPECIFIED));
	cr_assert_null(prg_stage_find((enum prg_stage)1000));
}

Test(prg_stage_from_status, finds_each_stage_in_any_case)
{
	cr_assert_eq(prg_stage_from_status("transcribing"), PRG_STAGE_TRANSCRIBING);
	cr_assert_eq(prg_stage_from_status("UPLOADING_Clips"), PRG_STAGE_UPLOADING_CLIPS);
	cr_assert_eq(prg_stage_from_status("dancing"), PRG_STAGE_UNSPECIFIED);
	cr_assert_eq(prg_stage_from_status(""), PRG_STAGE_UNSPECIFIED);
	cr_assert_eq(prg_stage_from_status(NULL), PRG_STAGE_UNSPECIFIED);
	for (int stage = PRG_STAGE_QUEUED; stage <= PRG_STAGE_POSTING_COMPLETED; stage++)
		cr_assert_eq(prg_stage_from_status(prg_stage_find((enum prg_stage)stage)->status), stage);
}

Test(prg_version, is_that_of_the_header)
{
	cr_assert_str_eq(prg_version(), PRG_VERSION);
}
