/* A job as one flat object: what stands in it, in which order, and what metadata may not do. */
#include "http/status_json.h"

#include <criterion/criterion.h>
#include <progress/v1/progress_service.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "wire/borrow.h"

static struct buffer out;

static void start(void)
{
	buffer_init(&out, 1 << 20);
}

static void stop(void)
{
	buffer_finish(&out);
}

TestSuite(status_json_write, .init = start, .fini = stop);

/* The text for an answer with this job. */
static const char *write_info(Progress__V1__ProgressInfo *info)
{
	Progress__V1__GetProgressResponse answer = PROGRESS__V1__GET_PROGRESS_RESPONSE__INIT;
	uint8_t packed[4096];
	answer.progress_info = info;
	size_t length = progress__v1__get_progress_response__pack(&answer, packed);
	buffer_clear(&out);
	cr_assert(status_json_write((struct wire_bytes){packed, length}, &out));
	buffer_put_char(&out, '\0');
	return out.at;
}

static Progress__V1__ProgressInfo sample(void)
{
	Progress__V1__ProgressInfo info = PROGRESS__V1__PROGRESS_INFO__INIT;
	info.job_id = borrow_string("clip-1");
	info.pipeline = borrow_string("default");
	info.status = borrow_string("transcribing");
	info.label = borrow_string("Transcribing audio");
	info.message = borrow_string("half \"done\"");
	info.progress = 37;
	info.fraction = 0.375;
	info.time_fraction = 1.0 / 3;
	info.state = PROGRESS__V1__JOB_STATE__JOB_STATE_ACTIVE;
	info.source = PROGRESS__V1__PROGRESS_SOURCE__PROGRESS_SOURCE_SIMULATED;
	info.flag = PROGRESS__V1__PROGRESS_FLAG__PROGRESS_FLAG_OVERDUE;
	info.revision = UINT64_C(18446744073709551615);
	info.reached_progress = 37;
	info.attempt = 2;
	info.run = 1;
	return info;
}

Test(status_json_write, writes_all_members_the_oldest_first)
{
	Progress__V1__ProgressInfo info = sample();
	cr_assert_str_eq(
	    write_info(&info),
	    "{\"status\":\"transcribing\",\"progress\":37,\"message\":\"half \\\"done\\\"\",\"job_id\":\"clip-1\","
	    "\"stage\":\"transcribing\",\"label\":\"Transcribing audio\",\"state\":\"active\","
	    "\"source\":\"simulated\",\"revision\":18446744073709551615,\"fraction\":0.375,"
	    "\"time_fraction\":0.333333,\"eta_seconds\":null,\"eta_lo_seconds\":null,\"eta_hi_seconds\":null,"
	    "\"reached_progress\":37,\"attempt\":2,\"run\":1,\"flag\":\"overdue\",\"error\":\"\","
	    "\"cancel_requested\":false,\"pipeline\":\"default\",\"parent\":\"\"}");
}

Test(status_json_write, writes_what_is_known_of_the_time_left)
{
	Progress__V1__ProgressInfo info = sample();
	Progress__V1__Eta eta = PROGRESS__V1__ETA__INIT;
	eta.seconds = 90;
	eta.lo_seconds = 60.25;
	eta.hi_seconds = 0.0000001;
	info.eta = &eta;
	cr_assert_not_null(strstr(
	    write_info(&info), "\"eta_seconds\":90,\"eta_lo_seconds\":60.25,\"eta_hi_seconds\":0,\"reached_progress\":37"));
}

Test(status_json_write, puts_metadata_beside_but_never_in_the_place_of_a_member)
{
	Progress__V1__ProgressInfo info = sample();
	Progress__V1__ProgressInfo__MetadataEntry entries[3];
	Progress__V1__ProgressInfo__MetadataEntry *list[] = {&entries[0], &entries[1], &entries[2]};
	const char *const keys[] = {"video_id", "progress", "Progress"};
	for (size_t i = 0; i < 3; i++) {
		progress__v1__progress_info__metadata_entry__init(&entries[i]);
		entries[i].key = borrow_string(keys[i]);
		entries[i].value = borrow_string("</script>");
	}
	info.metadata = list;
	info.n_metadata = 3;
	const char *text = write_info(&info);
	cr_assert_not_null(strstr(text, "\"parent\":\"\",\"video_id\":\"\\u003c/script\\u003e\",\"Progress\":"));
	cr_assert_null(strstr(text, "\"progress\":\""));
}

Test(status_json_write, refuses_what_is_no_answer_and_leaves_the_text_as_it_was)
{
	buffer_put_string(&out, "before");
	cr_assert_not(status_json_write((struct wire_bytes){NULL, 0}, &out));
	cr_assert_not(status_json_write((struct wire_bytes){(const uint8_t *)"\x0a\x05\x0a", 3}, &out));
	cr_assert_not(status_json_write((struct wire_bytes){(const uint8_t *)"\x0a\x02\x0a\x09", 4}, &out));
	cr_assert_not(status_json_write((struct wire_bytes){(const uint8_t *)"\x10\x01", 2}, &out));
	cr_assert_eq(out.length, 6);
}
