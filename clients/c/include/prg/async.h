/* Asynchronous updates, which gather themselves into batches. A part of <prg/prg.h>. */
#ifndef PRG_ASYNC_H
#define PRG_ASYNC_H

#include <prg/prg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What became of an asynchronous update. Strings are never NULL; all is borrowed for the call. */
struct prg_result {
	enum prg_code code;    /* as of the blocking call */
	const char *error;     /* for people; empty on success */
	const char *reason;    /* for programs, UPPER_SNAKE; empty on success */
	const char *job_id;    /* as it was given */
	uint64_t revision;     /* of the job after the update */
	bool cancel_requested; /* the job should be cancelled */
	enum prg_outcome outcome;
	enum prg_durability durability;
	const struct prg_progress *progress; /* NULL: the update failed or did not want it, or the answer had no room */
};

typedef void prg_result_fn(const struct prg_result *result, void *context);

/*
 * The updates above without waiting: they take a copy of all they are given and return at once. What is called while a
 * call to the service is under way leaves together in the next one, in order: the more is called, the more go in one
 * message, and that makes them many times faster than one by one.
 *
 * PRG_OK: the update was taken, and `callback` is called exactly once with its result: when the service has answered;
 * with PRG_DEADLINE_EXCEEDED or PRG_UNAVAILABLE soon after the time limit that the thread's calls have now (then it may
 * still be carried out); with PRG_CANCELLED by prg_close. Any other code: it was not taken and there is no callback.
 * PRG_RESOURCE_EXHAUSTED, reason TOO_MANY_WAITING: 65,536 updates or 16 MiB of them wait for their answers already;
 * call prg_flush or try again after a callback. PRG_INVALID_ARGUMENT: what the library itself can see to be wrong;
 * other mistakes are told to the callback.
 *
 * They are carried out, and their callbacks called, in the order in which they were called; only those whose time is
 * over come first. A blocking update waits for the asynchronous ones that were called before it. When the connection is
 * lost, what had no answer is sent again in a way that changes nothing twice; what had been carried out then has the
 * outcome PRG_OUTCOME_DUPLICATE or PRG_OUTCOME_ABSORBED.
 *
 * A thread of the client's own calls the callbacks, one at a time; nothing is sent meanwhile: be brief. A callback may
 * make any call of the library but prg_close and prg_flush; a blocking one delays everything else. With NULL for the
 * callback the next prg_flush tells of a failure. In a forked child no callback is called.
 */
PRG_API enum prg_code prg_update_progress_async(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                                const struct prg_update *update, prg_result_fn *callback,
                                                void *context);
PRG_API enum prg_code prg_update_progress_by_status_async(struct prg_client *client, const char *job_id,
                                                          const char *status, const struct prg_update *update,
                                                          prg_result_fn *callback, void *context);
PRG_API enum prg_code prg_update_progress_explicit_async(struct prg_client *client, const char *job_id,
                                                         enum prg_stage stage, int progress,
                                                         const struct prg_update *update, prg_result_fn *callback,
                                                         void *context);
PRG_API enum prg_code prg_update_progress_incremental_async(struct prg_client *client, const char *job_id,
                                                            enum prg_stage stage, double done, double total,
                                                            const struct prg_update *update, prg_result_fn *callback,
                                                            void *context);

/* Waits until all asynchronous updates called before are answered and their callbacks have returned. PRG_OK: and none
 * of those without a callback has failed since the last flush; else the error of the first one that has.
 * PRG_DEADLINE_EXCEEDED: not all are answered within the time limit. PRG_FAILED_PRECONDITION: called by a callback. */
PRG_API enum prg_code prg_flush(struct prg_client *client);

#ifdef __cplusplus
}
#endif

#endif
