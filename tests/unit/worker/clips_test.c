#include <criterion/criterion.h>
#include <stdio.h>

#include "clips.h"
#include "support/random.h"

static const struct words no_words;
static const struct analysis no_analysis;

static void say(struct words *words, double start, double end)
{
	struct word word = {.text = "word", .start = start, .end = end, .confidence = 1};
	cr_assert(words_add(words, &word));
}

/* A word every half second from start to end. */
static void talk(struct words *words, double start, double end)
{
	for (double t = start; t + 0.5 <= end; t += 0.5)
		say(words, t, t + 0.5);
}

static void check_rules(const struct clip *clips, size_t count, double seconds)
{
	cr_assert_geq(count, 1);
	cr_assert_leq(count, CLIPS_MAX);
	for (size_t i = 0; i < count; i++) {
		cr_assert_geq(clips[i].start, 0);
		cr_assert_leq(clips[i].end, seconds);
		cr_assert_leq(clips[i].end - clips[i].start, CLIP_SECONDS_MAX + 1e-9);
		if (seconds > CLIP_SECONDS_MIN)
			cr_assert_geq(clips[i].end - clips[i].start, CLIP_SECONDS_MIN - 1e-9);
		if (i > 0)
			cr_assert_geq(clips[i].start, clips[i - 1].end, "clips %zu and %zu overlap", i - 1, i);
	}
}

Test(clips_choose, makes_one_clip_of_a_short_source)
{
	struct clip clips[CLIPS_MAX];
	cr_assert_eq(clips_choose(3.5, &no_words, &no_analysis, clips), 1);
	cr_assert_eq(clips[0].start, 0);
	cr_assert_eq(clips[0].end, 3.5);
}

Test(clips_choose, finds_clips_where_nothing_is_said_and_nothing_changes)
{
	struct clip clips[CLIPS_MAX];
	size_t count = clips_choose(100, &no_words, &no_analysis, clips);
	check_rules(clips, count, 100);
	cr_assert_eq(count, CLIPS_MAX);
}

Test(clips_choose, prefers_the_part_where_somebody_speaks)
{
	struct words words = {0};
	double cuts[] = {10, 20, 30, 40, 50};
	struct analysis analysis = {.cuts = cuts, .cut_count = 5};
	struct clip clips[CLIPS_MAX];
	talk(&words, 30, 40);
	size_t count = clips_choose(60, &words, &analysis, clips);
	check_rules(clips, count, 60);
	size_t best = 0;
	for (size_t i = 1; i < count; i++)
		best = clips[i].score > clips[best].score ? i : best;
	cr_assert_eq(clips[best].start, 30);
	cr_assert_eq(clips[best].end, 40);
	words_clear(&words);
}

Test(clips_choose, begins_in_a_pause_and_not_within_a_word)
{
	struct words words = {0};
	struct clip clips[CLIPS_MAX];
	talk(&words, 0, 9);
	talk(&words, 9.6, 19);
	size_t count = clips_choose(19, &words, &no_analysis, clips);
	check_rules(clips, count, 19);
	cr_assert_eq(count, 2);
	cr_assert_float_eq(clips[0].end, 9.3, 1e-9);
	cr_assert_float_eq(clips[1].start, 9.3, 1e-9);
	words_clear(&words);
}

Test(clips_choose, keeps_its_rules_for_any_source)
{
	struct random random;
	random_start(&random, "clips_choose");
	for (int round = 0; round < 200; round++) {
		struct words words = {0};
		double cuts[60];
		float levels[3000];
		struct analysis analysis = {.cuts = cuts, .levels = levels};
		double seconds = 0.1 + (double)random_below(&random, 3000) / 10;
		for (double t = 0, step; t < seconds; t += step) {
			step = 0.1 + random_unit(&random) * 3;
			say(&words, t, t + step * random_unit(&random));
		}
		for (double t = 1; t < seconds && analysis.cut_count < 60; t += 0.2 + (double)random_below(&random, 200) / 10)
			cuts[analysis.cut_count++] = t;
		while (analysis.level_count < random_below(&random, 3000))
			levels[analysis.level_count++] = -(float)random_below(&random, 120);
		struct clip clips[CLIPS_MAX];
		check_rules(clips, clips_choose(seconds, &words, &analysis, clips), seconds);
		words_clear(&words);
	}
}

Test(clips_score, is_higher_for_the_louder_part)
{
	float levels[200];
	struct analysis analysis = {.levels = levels, .level_count = 200};
	for (size_t i = 0; i < 200; i++)
		levels[i] = i < 100 ? -40 : -15;
	cr_assert_lt(clips_score(&no_words, &analysis, 0, 10), clips_score(&no_words, &analysis, 10, 20));
}

Test(clips_score, is_lower_when_a_word_is_cut_through)
{
	struct words words = {0};
	say(&words, 9.8, 10.2);
	cr_assert_lt(clips_score(&words, &no_analysis, 10, 20), clips_score(&words, &no_analysis, 10.2, 20.2));
	words_clear(&words);
}

Test(clip_name, counts_from_one)
{
	char name[CLIP_NAME_BYTES];
	cr_assert_str_eq(clip_name(0, "mp4", name), "clip-1.mp4");
}
