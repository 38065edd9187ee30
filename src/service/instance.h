/* The service as its own files see it. */
#ifndef SERVICE_INSTANCE_H
#define SERVICE_INSTANCE_H

#include <progress/v1/progress_service.pb-c.h>

#include "base/clock.h"
#include "service/corridor.h"
#include "service/errands.h"
#include "service/inbox.h"
#include "service/service.h"

struct service {
	Progress__V1__ProgressTrackerService_Service methods; /* first: the generated code sees only this */
	struct service_options options;
	struct store *store;
	int64_t started_ms;
	struct corridor corridor;
	struct inbox inbox;
	struct errands errands;
};

static inline struct service *service_of(Progress__V1__ProgressTrackerService_Service *methods)
{
	return (struct service *)(void *)methods;
}

/* How jobs are shown now, beside the corridor. */
static inline struct info_moment service_moment(const struct service *service)
{
	return (struct info_moment){
	    .wall_ms = clock_wall_ms(),
	    .pace_s = pace_clock_s(&service->corridor.clock, clock_steady_ms()),
	    .default_ttl_ms = service->options.default_ttl_ms,
	};
}

/* Hands the command to the corridor. */
static inline void service_submit(Progress__V1__ProgressTrackerService_Service *methods, struct command *command)
{
	inbox_put(&service_of(methods)->inbox, command);
}

/* The same for a group of commands. */
static inline void service_submit_all(Progress__V1__ProgressTrackerService_Service *methods, struct list *commands,
                                      size_t count)
{
	inbox_put_all(&service_of(methods)->inbox, commands, count);
}

#endif
