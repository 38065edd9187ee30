/* CreateJob: a new job in the first stage. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/random.h>

#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"

#define TTL_MAX_MS (10LL * 365 * 24 * 60 * 60 * 1000)

/* A name that no other job has: 128 random bits. */
static const char *make_up_name(struct arena *arena)
{
	enum { NAME_BYTES = sizeof "job-" + 32 };
	uint64_t random[2];
	char *name = arena_take(arena, NAME_BYTES);
	if (name == NULL || getrandom(random, sizeof random, 0) != sizeof random)
		return NULL;
	snprintf(name, NAME_BYTES, "job-%016" PRIx64 "%016" PRIx64, random[0], random[1]);
	return name;
}

static bool check_size_hint(struct call *call, double size_hint)
{
	if (size_hint >= 0 && isfinite(size_hint))
		return true;
	return check_refuse(call, "SIZE_HINT_INVALID", "size_hint: is %g; allowed is a number greater than 0", size_hint);
}

static bool check_creation(struct call *call, const Progress__V1__CreateJobRequest *request,
                           struct job_creation *creation)
{
	*creation = (struct job_creation){
	    .job_id = request->job_id,
	    .pipeline = request->pipeline,
	    .parent = request->parent,
	    .message = request->message,
	    .metadata_count = request->n_metadata,
	    .size_hint = request->size_hint,
	    .worker = request->worker,
	    .class = request->class_,
	    .origin = {.writer = "", .request_id = request->request_id},
	};
	if (*request->job_id == '\0' && *request->request_id != '\0')
		return check_refuse(call, "REQUEST_ID_INVALID",
		                    "request_id: must be empty when job_id is, because a repeat is known by its job");
	return check_name(call, "job_id", request->job_id) && check_name(call, "pipeline", request->pipeline) &&
	       check_name(call, "parent", request->parent) && check_text(call, "message", request->message) &&
	       check_metadata(call, (ProtobufCMessage *const *)request->metadata, request->n_metadata,
	                      &creation->metadata) &&
	       check_duration(call, "ttl", request->ttl, 0, TTL_MAX_MS, &creation->ttl_ms) &&
	       check_duration(call, "lost_after", request->lost_after, 0, TTL_MAX_MS, &creation->lost_after_ms) &&
	       check_size_hint(call, request->size_hint) && check_name(call, "worker", request->worker) &&
	       check_name(call, "class", request->class_) && check_origin(call, &creation->origin);
}

RPC_METHOD(create_job, CreateJob)
{
	struct call *call = closure_data;
	struct job_creation creation;
	if (!check_creation(call, request, &creation)) {
		answer_fault(call);
		return;
	}
	if (*creation.job_id == '\0')
		creation.job_id = make_up_name(call->arena);
	if (creation.job_id == NULL) {
		answer_full(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_CREATE, creation.job_id, answer_job);
	if (command == NULL)
		return;
	command->creation = creation;
	service_submit(methods, command);
}
