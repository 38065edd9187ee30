/* The steps of the corridor that meet the store. */
#ifndef SERVICE_CORRIDOR_STORE_H
#define SERVICE_CORRIDOR_STORE_H

#include "service/corridor.h"

/* Gives each command of the batch the entry of its job, loaded. A command that cannot have it gets its fault. */
void corridor_load(struct corridor *corridor);

/* Commits all changed jobs of the batch together. Commands whose changes could not be committed get their fault; those
 * that met a conflict leave the batch and go back to the head of `commands`, to be applied to what is there now. */
void corridor_commit(struct corridor *corridor, struct list *commands);

/* Makes the batch's entries ready for the next one, dropping those that must not be kept. */
void corridor_settle(struct corridor *corridor);

#endif
