/*
 * The corridor: the one way in which jobs change. It takes commands in order and carries them out by batches:
 *
 *     load     the jobs that are not at hand, together
 *     apply    each command in order; what it answers is sealed now but kept back
 *     commit   all jobs that changed, together
 *     publish  the changes in order
 *     reply    to all commands
 *
 * So nobody sees a change before it is as safe as it will be, and many changes cost one commit. A commit that fails
 * leaves the jobs as the store has them and answers its error. On a store that other instances share, the corridor
 * hears of all commits, its own included, instead of publishing (corridor_news.h). The corridor has no threads, no
 * sockets and no clock: the same commands at the same moments give the same results. One thread at a time.
 */
#ifndef SERVICE_CORRIDOR_H
#define SERVICE_CORRIDOR_H

#include <stdint.h>

#include "auth/auth.h"
#include "base/arena.h"
#include "base/list.h"
#include "service/cache.h"
#include "service/command.h"
#include "service/leases.h"
#include "service/lessons.h"
#include "service/listed.h"
#include "service/movers.h"
#include "service/pace_clock.h"
#include "service/parking.h"
#include "wire/compose.h"
#include "wire/info.h"

enum {
	CORRIDOR_BATCH_MAX = 16384,
	CORRIDOR_EVENTS_MAX = 1024, /* in one answer to a watch */
};

/* A change that was applied and will be published once it is committed. */
struct corridor_change {
	const struct cache_entry *entry;
	struct feed_change told;          /* its event lies in the batch's arena */
	struct corridor_change *before;   /* of the same job in this batch */
	const struct pace_lesson *lesson; /* of a run that has ended; in the batch's arena, or NULL */
};

struct corridor_options {
	int64_t default_ttl_ms;        /* how long finished jobs are kept */
	int64_t default_lost_after_ms; /* how long stalled jobs that do not say are waited for; 0: for ever */
	size_t cached_jobs_max;
	uint64_t epoch;    /* of the feed: another one after each start */
	uint64_t boot_key; /* of the machine, for the pace clock; 0: not known */
	struct movers_options movers;
	struct auth *auth; /* whose tokens are good still; NULL: there are none */
	/* A stored record is no job, and is left out where many are shown. NULL: nobody is told. */
	listed_report *on_unreadable;
	/* The store has lost its disk; what it acknowledges is worth nothing any more. Must not return. */
	void (*on_data_loss)(const struct fault *fault);
};

/* The listing of the jobs under way. */
struct corridor_adoption {
	bool is_under_way;
	int64_t below_row; /* these are still to be listed */
	int64_t due_ms;    /* the next page, steady */
};

struct corridor {
	struct store *store;
	struct feed *feed;
	struct corridor_options options;
	struct cache cache;
	struct parking parking;
	struct leases leases;
	struct pace_clock clock;
	struct lessons lessons;
	struct movers movers;
	int64_t many_watched_ms; /* until then a change of a simulated job may concern a watcher of many; steady */
	struct list deferred;    /* commands to be carried out right after this batch is published */
	struct corridor_adoption adoption;
	int64_t missed_ms;     /* when news of other instances were missed last, steady; 0: never */
	int64_t expiry_due_ms; /* when finished jobs are looked for next, steady */
	uint64_t removals;     /* jobs removed up to now */
	struct arena arena;    /* of one batch */
	struct command *batch[CORRIDOR_BATCH_MAX];
	size_t batch_count;
	struct corridor_change changes[CORRIDOR_BATCH_MAX]; /* at most one for each command */
	size_t change_count;
	struct cache_entry *touched[CORRIDOR_BATCH_MAX]; /* the entries of the batch, each once */
	size_t touched_count;
	struct store_load loads[CORRIDOR_BATCH_MAX];
	struct cache_entry *load_entries[CORRIDOR_BATCH_MAX];
	struct store_put puts[CORRIDOR_BATCH_MAX];
	struct cache_entry *put_entries[CORRIDOR_BATCH_MAX];
	struct compose_part events[CORRIDOR_EVENTS_MAX]; /* of the answer to a watch that is in the making */
	struct pace_lesson lesson;                       /* of the run that has just ended */
	struct moment now;
};

/* The store and the feed stay the caller's. */
void corridor_init(struct corridor *corridor, struct store *store, struct feed *feed,
                   const struct corridor_options *options);

/* Nothing may be parked any more. */
void corridor_finish(struct corridor *corridor);

/* As corridor_run, but moves the commands that can be answered now to the end of `finished` instead of answering them.
 */
void corridor_carry_out(struct corridor *corridor, struct list *commands, struct moment now, struct list *finished);

/* Tells the feed of a committed change, and counts it. */
void corridor_publish(struct corridor *corridor, const struct feed_change *told);

/* Answers all commands of the list, which is empty afterwards. Needs no corridor: others may be in it meanwhile. */
void corridor_reply(struct list *finished);

/* Carries out and answers all commands of the list, and those parked ones whose time has come or whose job has changed.
 * The list is empty afterwards. */
void corridor_run(struct corridor *corridor, struct list *commands, struct moment now);

/* Follows the leases of the jobs that are in the store, each anew from now on, and starts the clock of their bars.
 * Before the first corridor_run. */
enum err corridor_adopt(struct corridor *corridor, struct moment now, struct fault *fault) MUST_USE;

/* Saves what has been learned, because the service stops. */
void corridor_save_lessons(struct corridor *corridor);

/* The present time of the bars, as of job/pace.h. */
static inline double corridor_now_s(const struct corridor *corridor)
{
	return pace_clock_s(&corridor->clock, corridor->now.steady_ms);
}

/* How jobs are shown now. */
static inline struct info_moment corridor_moment(const struct corridor *corridor)
{
	return (struct info_moment){corridor->now.wall_ms, corridor_now_s(corridor), corridor->options.default_ttl_ms};
}

/* When corridor_run should be called next at the latest, in steady ms. */
int64_t corridor_next_due(const struct corridor *corridor);

/* Answers UNAVAILABLE to all parked commands: the service stops. */
void corridor_cancel_parked(struct corridor *corridor);

#endif
