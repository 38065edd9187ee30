/* The step of the corridor that applies commands. */
#ifndef SERVICE_CORRIDOR_APPLY_H
#define SERVICE_CORRIDOR_APPLY_H

#include "service/corridor.h"

/* Applies the command, whose entry is loaded. Returns whether it stays in the batch; otherwise it has been parked or
 * deferred. */
bool corridor_apply(struct corridor *corridor, struct command *command);

/* The job of the command as its batch sees it, or NULL. */
struct job *corridor_job_of(const struct command *command);

/* Sets the command's fault: there is no such job. */
void corridor_set_not_found(struct command *command);

/* Whether the token of the command's call is good still, its time aside. False: the command has its fault. */
bool corridor_trusts(const struct corridor *corridor, struct command *command);

/* Parks a command until what it waits for, or its timeout, comes. Returns whether it stays: there was no memory, or its
 * token is good no more. */
bool corridor_pause(struct corridor *corridor, struct command *command);

/* Bars that move by themselves, in corridor_move.c: puts in line the jobs that may have moved; looks at one. */
void corridor_add_moves(struct corridor *corridor, struct list *commands);
void corridor_move(struct corridor *corridor, struct command *command);

/* Somebody is about to wait for what this job does, or is shown it as one of many; somebody watches many jobs; the job
 * has changed. */
void corridor_mind_watched(struct corridor *corridor, const struct job *job);
void corridor_mind_watcher_of_many(struct corridor *corridor);
void corridor_mind_change(struct corridor *corridor, const struct job *job);

/* The watches, in corridor_watch.c and corridor_watch_many.c. They return as corridor_apply. */
bool corridor_watch_job(struct corridor *corridor, struct command *command);
bool corridor_watch_jobs(struct corridor *corridor, struct command *command);

#endif
