/* What goes along with the clips: the transcript and a list of the clips. Pure but for the stream. */
#ifndef WORKER_RESULTS_H
#define WORKER_RESULTS_H

#include <stdint.h>
#include <stdio.h>

#include "clips.h"
#include "media.h"
#include "words.h"

/* What the results tell about where they come from. */
struct results_origin {
	const char *job_id;
	const char *source; /* URL to show */
	const char *source_sha256;
	const struct media *media;
};

/* A JSON string with its quotes. Bytes above ASCII pass as they are. */
void results_write_json_string(FILE *stream, const char *text);

/* transcript.txt: the words, a line for each phrase. */
void results_write_text(FILE *stream, const struct words *words);

/* transcript.json: the words with their times. */
void results_write_transcript(FILE *stream, const struct results_origin *origin, const struct words *words);

/* clips.json: the clips with their place in the source, their score and what is said; sizes in bytes. */
void results_write_clips(FILE *stream, const struct results_origin *origin, const struct words *words,
                         const struct clip *clips, const uint64_t *sizes, size_t count);

#endif
