/* The state of a job, from the generated message to what the caller gets. */
#ifndef PRG_PROGRESS_H
#define PRG_PROGRESS_H

#include <prg/service.h>

/* A copy in one block of memory; the caller frees it by prg_progress_free. NULL: no memory. */
struct prg_progress *progress_copy(const Progress__V1__ProgressInfo *info);

/* Milliseconds since the epoch; 0 for NULL. */
int64_t progress_time_ms(const Google__Protobuf__Timestamp *time);

/* What a response about one job is to become; all zero, then given to a stub as closure data. */
struct progress_result {
	struct prg_progress *progress; /* NULL: the call failed (the thread's error says why) */
};

/* The closure for every response that has a `progress_info` (and perhaps an `outcome`): fills the struct
 * progress_result in `context`, and the thread's error when there is no memory or no progress_info. Cast it to the
 * closure type of the stub. */
void progress_take(const ProtobufCMessage *response, void *context);

/* Hands the result over: to `ret_progress`, or frees it if that is NULL. Then leaves the client and returns the code
 * of the call. */
enum prg_code progress_give(struct prg_client *client, struct progress_result *result,
                            struct prg_progress **ret_progress);

#endif
