/*
 * Calls that wait for a change of a job: parked with the feed until the change, with a timer until the timeout, and by
 * connection so that they can be forgotten with it.
 */
#ifndef SERVICE_PARKING_H
#define SERVICE_PARKING_H

#include "base/list.h"
#include "base/timer_queue.h"
#include "feed/feed.h"
#include "service/command.h"

enum { PARKING_ROWS = 4096 };

struct parking {
	struct feed *feed;
	struct timer_queue timers;      /* in steady ms */
	struct list rows[PARKING_ROWS]; /* parked commands by peer */
	size_t count;
};

void parking_init(struct parking *parking, struct feed *feed);

/* Nobody may be parked any more. */
void parking_finish(struct parking *parking);

/* Parks a command that waits (for its job to get beyond wait.after_revision, or for any change that it watches) until
 * pause.due_ms. It moves to another place in its call's arena, which gives back all else. False: no memory, and nothing
 * has changed. */
bool parking_park(struct parking *parking, struct command *command);

/* Moves all commands whose timeout has come to the end of `commands`, marked pause.is_over. */
void parking_take_due(struct parking *parking, int64_t now_ms, struct list *commands);

/* Moves all commands that a change has woken to the end of `commands`. */
void parking_take_woken(struct parking *parking, struct list *commands);

/* Moves all commands of the peer to the end of `commands` with the fault CANCELLED. */
void parking_take_peer(struct parking *parking, uint64_t peer, struct list *commands);

/* Moves all commands there are to the end of `commands` with UNAVAILABLE: the service stops, and their callers will ask
 * the next one. */
void parking_take_all(struct parking *parking, struct list *commands);

/* Whether the command waits no longer; then it has its fault. */
typedef bool parking_sorter(struct command *command, void *context);

/* Moves those commands to the end of `commands`. */
void parking_take(struct parking *parking, parking_sorter *takes, void *context, struct list *commands);

/* Gives the command the fault of one whose peer is gone. */
void parking_set_gone(struct command *command);

/* When the next timeout comes, in steady ms; INT64_MAX: none. */
int64_t parking_next_due(const struct parking *parking);

#endif
