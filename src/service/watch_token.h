/* Where a watcher stopped, as the text it gives back to go on. */
#ifndef SERVICE_WATCH_TOKEN_H
#define SERVICE_WATCH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

enum { WATCH_TOKEN_BYTES = 140 };

struct watch_token {
	uint64_t epoch;     /* of the feed: positions mean nothing to another one */
	uint64_t position;  /* of the latest change told */
	uint64_t revision;  /* of one job: the latest told */
	int64_t created_ms; /* of one job: of which one of that name it was */
	int64_t row;        /* of many jobs: the snapshot goes on below this row; 0: it is over */
	union {
		int64_t updated_ms; /* of one job: when the revision told was made, 0: not known */
		/* Of many jobs: changes of this stretch were merged into later ones of it, which may not have been told yet. */
		uint64_t stretch_start;
	};
	uint64_t stretch_end;
	uint64_t moved; /* position of the latest movement that was told or is not to be */
};

void watch_token_write(const struct watch_token *token, char ret_text[WATCH_TOKEN_BYTES]);

/* False: it is none that watch_token_write has written. */
bool watch_token_read(const char *text, struct watch_token *ret_token);

#endif
