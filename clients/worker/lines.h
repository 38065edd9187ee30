/* Cuts a stream of bytes into lines. */
#ifndef WORKER_LINES_H
#define WORKER_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Takes one line without its end. */
typedef void lines_fn(void *context, const char *line);

/* Zeroed with `take` and `context` set, it is ready. */
struct lines {
	lines_fn *take;
	void *context;
	size_t length;
	char text[1024]; /* the line begun; what is longer is cut */
};

/* Takes more bytes; calls `take` for each line that ended (by \n or \r), empty ones left out. */
void lines_feed(struct lines *lines, const char *bytes, size_t size);

/* The stream is over: what stands there is the last line. */
void lines_end(struct lines *lines);

#endif
