/* Starting, stopping, and finding the method of a call by its name. */
#include "service/service.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "service/answer.h"
#include "service/authorise.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "wire/method.h"

enum {
	DAY_MS = 24 * 60 * 60 * 1000,
	ERRANDS_WAITING_MAX = 1024,
};

const struct service_options service_options_default = {
    .default_ttl_ms = 30LL * DAY_MS,
    .move_step_points = 0.5,
    .move_interval_ms = 250,
    .cached_jobs_max = 32768,
    .waiting_max = 262144,
    .auth = NULL,
    .on_unreadable = NULL,
    .on_data_loss = NULL,
};

static const Progress__V1__ProgressTrackerService_Service methods = PROGRESS__V1__PROGRESS_TRACKER_SERVICE__INIT(rpc_);

/* A number that no other start has had. */
static uint64_t make_epoch(void)
{
	uint64_t epoch;
	ssize_t length = getrandom(&epoch, sizeof epoch, 0);
	assert(length == sizeof epoch);
	return epoch;
}

static enum err start_threads(struct service *service, struct fault *fault)
{
	enum err err = errands_start(&service->errands, ERRANDS_WAITING_MAX, fault);
	if (err != ERR_OK)
		return err;
	err = inbox_start(&service->inbox, &service->corridor, service->options.waiting_max, fault);
	if (err != ERR_OK) {
		errands_stop(&service->errands);
		errands_finish(&service->errands);
	}
	return err;
}

/* Has the corridor hear what the store has to tell. Without memory it does so at its next walk. */
static void wake(void *context)
{
	struct service *service = context;
	struct command *command = command_create_own(COMMAND_HEAR, NULL);
	if (command != NULL)
		inbox_put(&service->inbox, command);
}

enum err service_start(const struct service_options *options, struct store *store, struct feed *feed,
                       struct service **ret_service, struct fault *fault)
{
	assert(options->on_data_loss != NULL);
	struct service *service = calloc(1, sizeof *service);
	if (service == NULL)
		return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for the service");
	service->methods = methods;
	service->options = *options;
	service->store = store;
	service->started_ms = clock_wall_ms();
	struct corridor_options corridor = {
	    .default_ttl_ms = options->default_ttl_ms,
	    .default_lost_after_ms = options->default_lost_after_ms,
	    .cached_jobs_max = options->cached_jobs_max,
	    .epoch = make_epoch(),
	    .on_unreadable = options->on_unreadable,
	    .boot_key = clock_boot_key(),
	    .movers = {options->move_step_points, options->move_interval_ms},
	    .on_data_loss = options->on_data_loss,
	    .auth = options->auth,
	};
	corridor_init(&service->corridor, store, feed, &corridor);
	struct moment now = {clock_wall_ms(), clock_steady_ms()};
	enum err err = corridor_adopt(&service->corridor, now, fault);
	if (err == ERR_OK)
		err = start_threads(service, fault);
	if (err != ERR_OK) {
		corridor_finish(&service->corridor);
		free(service);
		return err;
	}
	if (store_is_shared(store))
		store_listen(store, wake, service);
	*ret_service = service;
	return ERR_OK;
}

void service_stop(struct service *service)
{
	errands_stop(&service->errands);
	if (store_is_shared(service->store))
		store_listen(service->store, NULL, NULL);
	inbox_stop(&service->inbox);
	corridor_save_lessons(&service->corridor);
}

void service_destroy(struct service *service)
{
	if (service == NULL)
		return;
	errands_finish(&service->errands);
	inbox_finish(&service->inbox);
	corridor_finish(&service->corridor);
	free(service);
}

/* The number of the method named "/package.Service/Method", or -1. */
static int find_method(const ProtobufCServiceDescriptor *descriptor, const char *name)
{
	size_t length = strlen(descriptor->name);
	bool is_ours = name[0] == '/' && strncmp(name + 1, descriptor->name, length) == 0 && name[length + 1] == '/';
	if (!is_ours)
		return -1;
	const ProtobufCMethodDescriptor *method =
	    protobuf_c_service_descriptor_get_method_by_name(descriptor, name + length + 2);
	return method != NULL ? (int)(method - descriptor->methods) : -1;
}

/* The closure of every call: seals the response. */
static void take_response(const ProtobufCMessage *response, void *closure_data)
{
	struct call *call = closure_data;
	if (wire_seal(response, call->arena, &call->response, &call->fault) != ERR_OK)
		call->response = (struct wire_bytes){NULL, 0};
}

/* Opens the request, once it is known who asks; false: the fault says why not. */
static bool open_request(struct service *service, struct call *call, int index, struct auth_grant *grant,
                         ProtobufCMessage **ret_request)
{
	const ProtobufCMessageDescriptor *input = service->methods.base.descriptor->methods[index].input;
	struct auth *auth = service->options.auth;
	bool is_asked = auth != NULL && !call->is_own;
	if (is_asked) {
		if (!authorise_caller(auth, call, method_at((size_t)index), grant))
			return false;
		call->grant = grant;
		call->token = grant->token;
		call->token_expires_ms = grant->expires_ms;
	}
	if (wire_open(input, call->request.at, call->request.length, call->arena, ret_request, &call->fault) != ERR_OK)
		return false;
	return !is_asked || authorise_request(call, *ret_request);
}

void service_call(struct service *service, struct call *call)
{
	const ProtobufCServiceDescriptor *descriptor = service->methods.base.descriptor;
	call->fault.code = ERR_OK;
	call->response = (struct wire_bytes){NULL, 0};
	call->durability = store_durability(service->store);
	int index = find_method(descriptor, call->method);
	call->method_number = index < 0 ? METRICS_OTHER_METHOD : (uint32_t)index;
	call->began_ns = clock_steady_ns();
	call->grant = NULL;
	call->token = 0;
	if (index < 0) {
		fault_set(&call->fault, ERR_UNIMPLEMENTED, "UNKNOWN_METHOD", "method: there is no %s", call->method);
		answer_fault(call);
		return;
	}
	struct auth_grant grant;
	ProtobufCMessage *request;
	if (!open_request(service, call, index, &grant, &request)) {
		answer_fault(call);
		return;
	}
	service->methods.base.invoke(&service->methods.base, (unsigned)index, request, take_response, call);
}

enum err service_permit_reading(struct service *service, const char *credentials, struct fault *fault)
{
	struct auth_grant grant;
	if (service->options.auth == NULL)
		return ERR_OK;
	enum err err = auth_find(service->options.auth, credentials, clock_wall_ms(), &grant, fault);
	if (err != ERR_OK || (auth_allows(&grant, AUTH_READ) && !grant.is_one_job && *grant.jobs == '\0'))
		return err;
	return fault_set(fault, ERR_PERMISSION_DENIED, "SCOPE_MISSING",
	                 "this needs a token with the scope read for all jobs");
}

enum err service_permit_known(struct service *service, const char *credentials, struct fault *fault)
{
	struct auth_grant ignored;
	struct auth *auth = service->options.auth;
	return auth == NULL ? ERR_OK : auth_find(auth, credentials, clock_wall_ms(), &ignored, fault);
}

void service_recheck_tokens(struct service *service)
{
	struct command *command = command_create_own(COMMAND_RECHECK, NULL);
	/* Without memory the calls end with their timeouts. */
	if (command != NULL)
		inbox_put(&service->inbox, command);
}

void service_release(struct service *service)
{
	inbox_release(&service->inbox);
}

void service_forget_peer(struct service *service, uint64_t peer)
{
	struct command *command = command_create_own(COMMAND_FORGET_PEER, NULL);
	/* Without memory the calls are answered when their time is over; the door drops the answers. */
	if (command == NULL)
		return;
	command->peer = peer;
	inbox_put(&service->inbox, command);
}
