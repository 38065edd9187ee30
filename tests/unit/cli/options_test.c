/* The command line. */
#include <criterion/criterion.h>
#include <string.h>

#include "cli/options.h"

enum { WORDS_MAX = 16 };

/* Splits the words in place: the options borrow them. */
static bool read_line(char *line, struct options *options)
{
	static char *words[WORDS_MAX + 1];
	int count = 0;
	for (char *rest, *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	words[count] = NULL;
	return options_read(count, words, options);
}

Test(options_read, takes_options_before_and_after_the_command)
{
	struct options options;
	char line[] = "prg --json update job-1 -m hello transcribing --attempt 3 --meta a=b --meta c=";
	cr_assert(read_line(line, &options));
	cr_assert(options.json);
	cr_assert_str_eq(options.message, "hello");
	cr_assert_eq(options.attempt, 3);
	cr_assert_eq(options.metadata_count, 2);
	cr_assert_str_eq(options.metadata[0].key, "a");
	cr_assert_str_eq(options.metadata[0].value, "b");
	cr_assert_str_eq(options.metadata[1].value, "");
	cr_assert_eq(options.argument_count, 3);
	cr_assert_str_eq(options.arguments[2], "transcribing");
}

Test(options_read, leaves_what_follows_two_dashes_alone)
{
	struct options options;
	char line[] = "prg run job-1 processing --fail -- ffmpeg -i in.mp4 -- --json";
	cr_assert(read_line(line, &options));
	cr_assert(options.fail);
	cr_assert_not(options.json);
	cr_assert_eq(options.argument_count, 8);
	cr_assert_str_eq(options.arguments[3], "ffmpeg");
	cr_assert_str_eq(options.arguments[7], "--json");
}

Test(options_read, reads_lists_of_states_and_stages)
{
	struct options options;
	char line[] = "prg list --state active,Stalled --state failed --stage queued,UPLOADING";
	cr_assert(read_line(line, &options));
	cr_assert_eq(options.state_count, 3);
	cr_assert_eq(options.states[1], PRG_STATE_STALLED);
	cr_assert_eq(options.stage_count, 2);
	cr_assert_eq(options.stages[1], PRG_STAGE_UPLOADING);
}

Test(options_read, refuses_values_that_make_no_sense)
{
	static const char *const bad[] = {
	    "prg --attempt 0",
	    "prg --attempt x",
	    "prg --meta novalue",
	    "prg --meta =x",
	    "prg --state busy",
	    "prg --stage lunch",
	    "prg --outstanding 999",
	    "prg --timeout never",
	    "prg --ttl -5",
	    "prg --nonsense",
	    "prg -x",
	    "prg --server",
	    "prg --json=1",
	    "prg --limit 1.5",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char line[64];
		strcpy(line, bad[i]);
		struct options options;
		cr_assert_not(read_line(line, &options), "'%s' is taken", bad[i]);
	}
}

Test(options_find_foreign, names_an_option_that_a_command_does_not_take)
{
	struct options options;
	char line[] = "prg get job-1 --json --total 5";
	cr_assert(read_line(line, &options));
	cr_assert_null(options_find_foreign(&options, OPTIONS_ALWAYS | OPTION_TOTAL));
	cr_assert_str_eq(options_find_foreign(&options, OPTIONS_ALWAYS), "total");
}
