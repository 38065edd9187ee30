/*
 * A store that other instances share: what they are told of this one's commits, and what this one hears of all commits,
 * its own included. What is heard is published in the order of the commits, so that all instances tell their watchers
 * the same; and what is at hand of a job that another instance has changed is loaded anew.
 *
 * After every answer of the store the corridor hears up to it, so the feed has always told of everything that the
 * corridor knows: a snapshot and the changes behind it fit together without a gap and without a repetition.
 */
#ifndef SERVICE_CORRIDOR_NEWS_H
#define SERVICE_CORRIDOR_NEWS_H

#include "service/corridor.h"

/* What is told of all changes of the entry in this batch, in the batch's arena. RESOURCE_EXHAUSTED: it is full. */
enum err corridor_seal_news(struct corridor *corridor, const struct cache_entry *entry, struct wire_bytes *ret_news,
                            struct fault *fault) MUST_USE;

/* Hears and publishes. What is at hand and has changed is dropped, or, in the present batch, marked stale. False:
 * something was missed: all watchers must resync, and everything at hand was dropped or marked. */
bool corridor_hear(struct corridor *corridor, enum store_hearing hearing);

/* Tells the other instances of the workers that were heard in this batch without a change to their jobs. */
void corridor_tell_signs(struct corridor *corridor);

#endif
