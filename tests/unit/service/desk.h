/* The service as a door sees it, with its real threads, over a memory store. */
#ifndef TESTS_SERVICE_DESK_H
#define TESTS_SERVICE_DESK_H

#include <progress/v1/progress_service.pb-c.h>
#include <semaphore.h>

#include "fake_store.h"
#include "feed/feed.h"
#include "service/service.h"

struct desk {
	struct fake_store fake; /* used if commits are not quick */
	struct store *memory;
	struct feed feed;
	struct service *service;
	bool is_stopped;
	bool holds; /* calls are held */
};

/* Opens a service. With quick commits callers walk the corridor themselves, otherwise its thread does. */
void desk_open(struct desk *desk, bool commits_quickly, const struct service_options *options);

/* Stops the service but keeps it. */
void desk_stop(struct desk *desk);

void desk_close(struct desk *desk);

/* A call and its answer; stays where it is until it is finished. */
struct talk {
	struct call call; /* first */
	struct arena arena;
	sem_t answered;
	char method[100];
	const ProtobufCMessage *response; /* opened; NULL after an error */
};

/* Makes the call with a request of words (see request.h); `method` without its service's name. Returns at once. */
void talk_start(struct talk *talk, struct desk *desk, const char *method, const char *words);

/* Makes the call with any full method name, bytes, and bound of the call's memory. */
void talk_start_bytes(struct talk *talk, struct desk *desk, const char *method, struct wire_bytes request,
                      size_t arena_bytes_max);

/* Waits for the answer; the code of the fault. */
enum err talk_wait(struct talk *talk);

/* Whether the answer has come. */
bool talk_is_answered(struct talk *talk);

void talk_finish(struct talk *talk);

/* Starts, waits and checks that all is well. The response is in talk->response. */
void talk_well(struct talk *talk, struct desk *desk, const char *method, const char *words);

/* The job in a response whose first field it is. */
const Progress__V1__ProgressInfo *talk_info(const struct talk *talk);

#endif
