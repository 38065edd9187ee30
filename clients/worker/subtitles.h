/* Subtitles of a clip, as an Advanced SubStation file. Pure but for the stream it writes to. */
#ifndef WORKER_SUBTITLES_H
#define WORKER_SUBTITLES_H

#include <stdio.h>

#include "words.h"

/* The picture the subtitles are made for. */
enum { SUBTITLES_WIDTH = 540, SUBTITLES_HEIGHT = 960 };

/* Writes the words of the source between start and end, with times counted from start, in lines short enough to read
 * on a telephone; each word lights up as it is spoken. Nothing in a word can be taken for a command. */
void subtitles_write(FILE *stream, const struct words *words, double start, double end);

#endif
