/* CreateJob: a new job in the first stage. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/random.h>

#include "service/answer.h"
#include "service/check.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "wire/compose.h"

#define READ_TOKEN_MAX_MS (24LL * 60 * 60 * 1000)
#define TTL_MAX_MS        (10LL * 365 * 24 * 60 * 60 * 1000)

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

/* Signs it before the job is there (a token for a job that is not made shows nothing) and keeps it, sealed, as the rest
 * of the response. */
static bool issue_token(struct auth *auth, struct call *call, const Google__Protobuf__Duration *ttl, const char *job_id)
{
	int64_t ttl_ms;
	char token[AUTH_READ_TOKEN_BYTES_MAX];
	Progress__V1__CreateJobResponse rest = PROGRESS__V1__CREATE_JOB_RESPONSE__INIT;
	if (!check_duration(call, "read_token_ttl", ttl, 0, READ_TOKEN_MAX_MS, &ttl_ms))
		return false;
	if (auth == NULL) {
		fault_set(&call->fault, ERR_FAILED_PRECONDITION, "NO_TOKENS",
		          "read_token_ttl: this service asks for no tokens");
		return false;
	}
	rest.read_token = token;
	return auth_issue(auth, job_id, clock_wall_ms() + ttl_ms, token, &call->fault) == ERR_OK &&
	       wire_seal(&rest.base, call->arena, &call->response, &call->fault) == ERR_OK;
}

static enum err answer_with_token(const struct subject *subject, struct fault *fault)
{
	struct call *call = subject->command->call;
	return compose_with_info(subject->info, call->response, call->arena, &call->response, fault);
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
	bool has_token = request->read_token_ttl != NULL;
	if (has_token && !issue_token(service_of(methods)->options.auth, call, request->read_token_ttl, creation.job_id)) {
		answer_fault(call);
		return;
	}
	struct command *command =
	    command_create(call, COMMAND_CREATE, creation.job_id, has_token ? answer_with_token : answer_job);
	if (command == NULL)
		return;
	command->creation = creation;
	service_submit(methods, command);
}
