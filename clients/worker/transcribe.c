/* How speech is cut into phrases: the recognizer's own detector says where somebody speaks; a phrase ends with the
 * speech, or when it grows too long to keep in memory (music, applause). The sound comes through a pipe, so that no
 * more of it is in memory than is being listened to. */
#include "transcribe.h"

#include <pocketsphinx/pocketsphinx.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"

enum {
	SAMPLES_PER_SECOND = 16000,
	FRAMES_PER_SECOND = 100,
	BLOCK_SAMPLES = 1600,
	PHRASE_SAMPLES_MAX = 30 * SAMPLES_PER_SECOND,
};
static const double confidence_min = 0.01; /* below it is noise that sounded like a word */

struct listener {
	struct job *job;
	struct words *words;
	double seconds; /* of the whole source */
	ps_decoder_t *decoder;
	bool speaking;           /* somebody spoke in this phrase */
	uint64_t samples;        /* heard so far */
	uint64_t phrase_samples; /* of them in this phrase */
	char block[BLOCK_SAMPLES * sizeof(int16)];
	size_t block_bytes;
};

static bool is_word(const char *text)
{
	return text[0] && text[0] != '<' && text[0] != '[' && text[0] != '+';
}

static enum step keep_word(struct listener *listener, ps_seg_t *segment)
{
	const char *text = ps_seg_word(segment);
	struct word word = {0};
	int first, last;
	ps_seg_frames(segment, &first, &last);
	word.start = (double)first / FRAMES_PER_SECOND;
	word.end = (double)(last + 1) / FRAMES_PER_SECOND;
	word.confidence = logmath_exp(ps_get_logmath(listener->decoder), ps_seg_prob(segment, NULL, NULL, NULL));
	if (!is_word(text) || word.confidence < confidence_min)
		return STEP_DONE;
	/* "read(2)" is the second way to say "read" */
	snprintf(word.text, sizeof word.text, "%.*s", (int)strcspn(text, "("), text);
	if (!words_add(listener->words, &word))
		return job_fail(listener->job, "more words than fit into memory");
	return STEP_DONE;
}

static enum step end_phrase(struct listener *listener)
{
	size_t before = listener->words->count;
	enum step step = STEP_DONE;
	ps_end_utt(listener->decoder);
	ps_seg_t *segment = ps_seg_iter(listener->decoder);
	for (; segment && step == STEP_DONE; segment = ps_seg_next(segment))
		step = keep_word(listener, segment);
	if (segment)
		ps_seg_free(segment);
	if (listener->words->count > before)
		listener->words->items[listener->words->count - 1].ends_phrase = true;
	listener->speaking = false;
	listener->phrase_samples = 0;
	return step;
}

static enum step begin_phrase(struct listener *listener)
{
	if (ps_start_utt(listener->decoder) < 0)
		return job_fail(listener->job, "the speech recognizer does not start");
	return STEP_DONE;
}

static enum step listen(struct listener *listener)
{
	size_t count = listener->block_bytes / sizeof(int16);
	int16 samples[BLOCK_SAMPLES];
	memcpy(samples, listener->block, count * sizeof(int16));
	listener->block_bytes = 0;
	if (ps_process_raw(listener->decoder, samples, count, FALSE, FALSE) < 0)
		return job_fail(listener->job, "the speech recognizer gave up");
	listener->samples += count;
	listener->phrase_samples += count;
	bool speaks = ps_get_in_speech(listener->decoder);
	bool phrase_is_over = listener->speaking && (!speaks || listener->phrase_samples >= PHRASE_SAMPLES_MAX);
	listener->speaking |= speaks;
	enum step step = STEP_DONE;
	if (phrase_is_over) {
		step = end_phrase(listener);
		if (step == STEP_DONE)
			step = begin_phrase(listener);
	}
	uint64_t seconds = listener->samples / SAMPLES_PER_SECOND;
	job_say(listener->job, "%llu of %.0f s heard, %zu words", (unsigned long long)seconds, listener->seconds,
	        listener->words->count);
	/* Until the first words the service moves the bar: the recognizer hears far ahead of what it understands. */
	uint64_t heard_ms = listener->samples * 1000 / SAMPLES_PER_SECOND;
	bool has_words = listener->words->count > 0;
	bool stop = has_words ? job_tick(listener->job, heard_ms) : job_must_stop(listener->job);
	return step == STEP_DONE && stop ? STEP_STOPPED : step;
}

static enum step take_sound(void *context, const char *bytes, size_t size)
{
	struct listener *listener = context;
	enum step step = STEP_DONE;
	while (size > 0 && step == STEP_DONE) {
		size_t part = sizeof listener->block - listener->block_bytes;
		part = part < size ? part : size;
		memcpy(listener->block + listener->block_bytes, bytes, part);
		listener->block_bytes += part;
		bytes += part;
		size -= part;
		if (listener->block_bytes == sizeof listener->block)
			step = listen(listener);
	}
	return step;
}

static enum step hear(struct listener *listener, const struct folder *folder, const char *source)
{
	const char *argv[] = {"ffmpeg",
	                      "-hide_banner",
	                      "-nostdin",
	                      "-loglevel",
	                      "error",
	                      "-protocol_whitelist",
	                      "file,pipe",
	                      "-i",
	                      source,
	                      "-map",
	                      "0:a:0",
	                      "-ac",
	                      "1",
	                      "-ar",
	                      "16000",
	                      "-af",
	                      "aresample=async=1:first_pts=0",
	                      "-f",
	                      "s16le",
	                      "-c:a",
	                      "pcm_s16le",
	                      "pipe:1",
	                      NULL};
	struct child child = {.argv = argv, .folder = folder->path, .take = take_sound, .context = listener};
	enum step step = begin_phrase(listener);
	if (step != STEP_DONE)
		return step;
	step = child_run(listener->job, &child);
	if (step == STEP_DONE && listener->block_bytes >= sizeof(int16))
		step = listen(listener);
	if (step == STEP_STOPPED && !listener->job->reason[0])
		step = job_stop(listener->job);
	if (step == STEP_DONE)
		step = end_phrase(listener); /* to end a phrase takes its time */
	if (step == STEP_DONE)
		job_tick(listener->job, listener->samples * 1000 / SAMPLES_PER_SECOND);
	return step;
}

static cmd_ln_t *configure(struct job *job, const char *model)
{
	char acoustic[1100], language[1100], dictionary[1100];
	snprintf(acoustic, sizeof acoustic, "%.1000s/en-us", model);
	snprintf(language, sizeof language, "%.1000s/en-us.lm.bin", model);
	snprintf(dictionary, sizeof dictionary, "%.1000s/cmudict-en-us.dict", model);
	const char *needed[] = {acoustic, language, dictionary};
	for (size_t i = 0; i < 3; i++) {
		if (access(needed[i], R_OK) == 0)
			continue;
		job_fail(job, "no speech model: %s is missing (package pocketsphinx-en-us)", needed[i]);
		return NULL;
	}
	return cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", acoustic, "-lm", language, "-dict", dictionary, "-logfn",
	                   "/dev/null", NULL);
}

enum step transcribe_file(struct job *job, const struct folder *folder, const char *source, const struct media *media,
                          const char *model, struct words *words)
{
	struct listener listener = {.job = job, .words = words, .seconds = media->seconds};
	cmd_ln_t *configuration = configure(job, model);
	if (!configuration)
		return STEP_FAILED;
	listener.decoder = ps_init(configuration);
	enum step step;
	if (!listener.decoder) {
		step = job_fail(job, "the speech model in %s cannot be read", model);
	} else {
		ps_start_stream(listener.decoder);
		step = hear(&listener, folder, source);
	}
	ps_free(listener.decoder);
	cmd_ln_free_r(configuration);
	return step;
}
