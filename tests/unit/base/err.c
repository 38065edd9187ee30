/* The list of codes, and what a fault keeps of a text. */
#include "base/err.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"

Test(fault_set, fills_everything_and_returns_the_code)
{
	struct fault fault = {0};
	cr_assert_eq(fault_set(&fault, ERR_NOT_FOUND, "JOB_NOT_FOUND", "job %s is %d", "a", 7), ERR_NOT_FOUND);
	cr_assert_eq(fault.code, ERR_NOT_FOUND);
	cr_assert_str_eq(fault.reason, "JOB_NOT_FOUND");
	cr_assert_str_eq(fault.text, "job a is 7");
}

Test(fault_set, cuts_a_long_text_at_a_character)
{
	char letters[1200];
	for (size_t i = 0; i < 400; i++)
		memcpy(letters + 3 * i, "\xe2\x82\xac", 3);
	letters[1199] = '\0';
	for (int lead = 0; lead < 3; lead++) {
		struct fault fault = {0};
		fault_set(&fault, ERR_INTERNAL, "X", "%.*s%s", lead, "abc", letters);
		size_t length = strlen(fault.text);
		cr_assert_eq(length, (size_t)lead + (sizeof fault.text - 1 - (size_t)lead) / 3 * 3);
		cr_assert(text_is_clean(fault.text, length));
	}
}

Test(fault_set, keeps_a_text_that_just_fits)
{
	struct fault fault = {0};
	char letters[sizeof fault.text];
	memset(letters, 'x', sizeof letters - 1);
	letters[sizeof letters - 1] = '\0';
	fault_set(&fault, ERR_INTERNAL, "X", "%s", letters);
	cr_assert_str_eq(fault.text, letters);
}

Test(fault_set, may_quote_the_old_text)
{
	struct fault fault = {0};
	fault_set(&fault, ERR_UNAVAILABLE, "INNER", "inner");
	fault_set(&fault, ERR_UNAVAILABLE, fault.reason, "outer: %s", fault.text);
	cr_assert_str_eq(fault.text, "outer: inner");
	cr_assert_str_eq(fault.reason, "INNER");
}

Test(err_text, knows_every_code_and_answers_unknown_for_others)
{
	cr_assert_str_eq(err_text(ERR_OK), "ok");
	cr_assert_str_eq(err_text(ERR_CANCELLED), "canceled");
	cr_assert_str_eq(err_text(ERR_UNAUTHENTICATED), "unauthenticated");
	cr_assert_str_eq(err_text((enum err)17), "unknown");
	cr_assert_str_eq(err_text((enum err) - 1), "unknown");
}

Test(err_http_status, follows_the_connect_protocol)
{
	cr_assert_eq(err_http_status(ERR_OK), 200);
	cr_assert_eq(err_http_status(ERR_NOT_FOUND), 404);
	cr_assert_eq(err_http_status(ERR_RESOURCE_EXHAUSTED), 429);
	cr_assert_eq(err_http_status((enum err)99), 500);
}

Test(err_is_retryable, holds_for_passing_troubles_only)
{
	cr_assert(err_is_retryable(ERR_UNAVAILABLE));
	cr_assert(err_is_retryable(ERR_RESOURCE_EXHAUSTED));
	cr_assert_not(err_is_retryable(ERR_ABORTED));
	cr_assert_not(err_is_retryable((enum err)99));
}
