/*
 * The jobs under way that the store holds: their leases are followed, and they are counted. At the start that is done
 * before anything else; after news were missed it is done again, page by page between the batches, so that nobody waits
 * for it however many jobs there are.
 */
#ifndef SERVICE_CORRIDOR_ADOPT_H
#define SERVICE_CORRIDOR_ADOPT_H

#include "service/corridor.h"

/* Nobody knows any more which jobs are under way: they are listed anew, in the next runs of the corridor. */
void corridor_begin_adoption(struct corridor *corridor);

/* Lists a page, if one is due. When the store does not answer, it is due again half a second later. */
void corridor_go_on_adopting(struct corridor *corridor);

/* Counts a change that is told: of a job that is still to be listed, only that it has come into a state. */
void corridor_count_change(const struct corridor *corridor, const struct feed_change *told);

#endif
