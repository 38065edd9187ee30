/* Records of jobs: what is opened is sound, and written down again it is the same job. */
#include "wire/record.h"

#include <assert.h>
#include <string.h>

enum { ARENA_BYTES_MAX = 32 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length);

static void open_again(const struct job *job)
{
	struct arena arena;
	arena_init(&arena, ARENA_BYTES_MAX);
	struct fault fault;
	struct wire_bytes first, second;
	struct job *again;
	enum err err = record_seal(job, &arena, &first, &fault);
	assert(err == ERR_OK);
	err = record_open(first.at, first.length, &again, &fault);
	assert(err == ERR_OK);
	err = record_seal(again, &arena, &second, &fault);
	assert(err == ERR_OK && first.length == second.length && memcmp(first.at, second.at, first.length) == 0);
	job_destroy(again);
	arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
	struct job *job;
	struct fault fault = {0};
	enum err err = record_open(input, length, &job, &fault);
	assert(err == ERR_OK || err == fault.code);
	if (err != ERR_OK)
		return 0;
	assert(job_is_sound(job));
	open_again(job);
	job_destroy(job);
	return 0;
}
