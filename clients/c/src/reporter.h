/* The reporters of a client, as its thread sees them. The thread's lock is held in all these calls. */
#ifndef PRG_REPORTER_H
#define PRG_REPORTER_H

#include <prg/prg.h>
#include <stdint.h>

#include "report_thread.h"

/* Serves the reporter that comes first, if its time has come; for that the lock is given up for a while. Returns when
 * (steady.h) to look again. */
int64_t reporter_serve_first(struct report_thread *thread);

/* Frees all that were not finished; the thread is not there any more, and nobody needs the lock. */
void reporter_free_all(struct report_thread *thread);

#endif
