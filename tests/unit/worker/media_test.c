#include <criterion/criterion.h>

#include "media.h"

static struct media media_of(const char *const *lines)
{
	struct media_reader reader = {.index = -1};
	for (; *lines; lines++)
		media_take_line(&reader, *lines);
	return media_finish(&reader);
}

Test(media_take_line, finds_picture_and_sound)
{
	const char *lines[] = {"streams.stream.0.codec_type=\"audio\"", "streams.stream.0.disposition.attached_pic=0",
	                       "streams.stream.1.codec_type=\"video\"", "streams.stream.1.width=640",
	                       "streams.stream.1.height=360",           "streams.stream.1.disposition.attached_pic=0",
	                       "format.duration=\"38.580000\"",         NULL};
	struct media media = media_of(lines);
	cr_assert(media.has_video);
	cr_assert(media.has_audio);
	cr_assert_eq(media.width, 640);
	cr_assert_eq(media.height, 360);
	cr_assert_float_eq(media.seconds, 38.58, 1e-9);
}

Test(media_take_line, takes_no_cover_for_a_video)
{
	const char *lines[] = {"streams.stream.0.codec_type=\"audio\"",
	                       "streams.stream.1.codec_type=\"video\"",
	                       "streams.stream.1.width=300",
	                       "streams.stream.1.height=300",
	                       "streams.stream.1.disposition.attached_pic=1",
	                       "format.duration=\"200.0\"",
	                       NULL};
	cr_assert_not(media_of(lines).has_video);
}

Test(media_take_line, keeps_the_first_of_two_videos)
{
	const char *lines[] = {"streams.stream.0.codec_type=\"video\"",
	                       "streams.stream.0.width=640",
	                       "streams.stream.0.height=360",
	                       "streams.stream.1.codec_type=\"video\"",
	                       "streams.stream.1.width=1280",
	                       "streams.stream.1.height=720",
	                       NULL};
	cr_assert_eq(media_of(lines).width, 640);
}

Test(media_take_line, lets_an_unknown_length_be_zero)
{
	const char *lines[] = {"streams.stream.0.codec_type=\"video\"", "format.duration=\"N/A\"", NULL};
	cr_assert_eq(media_of(lines).seconds, 0);
}

Test(media_take_line, leaves_out_what_it_does_not_know)
{
	const char *lines[] = {
	    "",         "=", "streams.stream.", "streams.stream.x.width=3", "streams.stream.0.=3", "streams.stream.0",
	    "nonsense", NULL};
	struct media media = media_of(lines);
	cr_assert_not(media.has_video);
	cr_assert_not(media.has_audio);
}
