/* The answer to a watch in the making, and what the watches of one job and of many have in common. */
#ifndef SERVICE_CORRIDOR_DRAFT_H
#define SERVICE_CORRIDOR_DRAFT_H

#include "service/corridor.h"

struct draft {
	struct corridor *corridor;
	struct command *command;
	size_t count; /* of corridor->events */
	size_t bytes;
	struct watch_token token;
	bool is_resync;
	double steps;      /* of the lattices that were carried on for it */
	size_t page_rows;  /* of the page of the snapshot; some may be no jobs */
	bool is_page_cut;  /* the page of the snapshot ended for want of room or time */
	bool is_broken;    /* no memory: the command's fault is set */
	bool must_restart; /* what other instances did meanwhile was missed */
};

/* Whether the watch comes behind a change of its own batch: then it has been deferred until that is published. */
bool draft_must_wait(struct corridor *corridor, struct command *command);

/* Lets a watch that was parked go on from where something first concerned it, even if what came before is forgotten by
 * now. */
void draft_skip_what_was_quiet(const struct corridor *corridor, struct command *command);

/* Parks the watch; `is_up_to_date`: there is nothing to tell after its token. Returns as corridor_pause. */
bool draft_pause(struct corridor *corridor, struct command *command, bool is_up_to_date);

/* Begins where the command's token stands. */
struct draft draft_begin(struct corridor *corridor, struct command *command);

/* Whether an event of that size still fits; the first one always does. */
bool draft_has_room(const struct draft *draft, size_t event_bytes);

/* Adds an event that stands for `merged` earlier ones, too. It must live as long as the batch. */
void draft_add(struct draft *draft, struct wire_bytes event, uint64_t merged);
void draft_add_change(struct draft *draft, const struct feed_change *change, uint64_t merged);

/* Seals the job as it is now as a snapshot event in the batch's arena. False: no memory, the draft is broken. */
bool draft_seal_snapshot(struct draft *draft, const struct job *job, struct wire_bytes *ret_event);

/* Makes the draft the response of its call, unless it is broken. */
void draft_finish(struct draft *draft);

#endif
