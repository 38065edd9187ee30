/* The reporters of a client, as its closing sees them. */
#ifndef PRG_REPORTER_H
#define PRG_REPORTER_H

#include <prg/prg.h>
#include <stdbool.h>

/* Ends the thread that sends reports; after connection_close, so that it does not wait for an answer. */
void reporter_stop_all(struct prg_client *client);

/* Frees the reporters that were not finished, and what they share; after reporter_stop_all or, with `forked`, in a
 * child of the process that had the thread. */
void reporter_free_all(struct prg_client *client, bool forked);

#endif
