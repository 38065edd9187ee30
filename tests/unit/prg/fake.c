/* The fake service: notes requests by their descriptors, so that it need not know each method, and follows its plan. */
#include "fake.h"

#include <prg/prg.h>
#include <progress/rpc/v1/rpc.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_batch.h"
#include "must.h"

static const void *find_field(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
	return field != NULL ? (const char *)message + field->offset : NULL;
}

static void copy_text(char *out, size_t out_bytes, const ProtobufCMessage *message, const char *name)
{
	char *const *text = find_field(message, name);
	snprintf(out, out_bytes, "%s", text != NULL ? *text : "");
}

#define COPY_NUMBER(out, type, message, name)                                                                          \
	do {                                                                                                               \
		const type *number = find_field(message, name);                                                                \
		(out) = number != NULL ? *number : 0;                                                                          \
	} while (0)

/* A duration; -1: there is none. */
static int64_t find_ms(const ProtobufCMessage *request, const char *name)
{
	Google__Protobuf__Duration *const *found = find_field(request, name);
	return found != NULL && *found != NULL ? (*found)->seconds * 1000 + (*found)->nanos / 1000000 : -1;
}

static void note_request(struct fake_call *call, const ProtobufCMessage *request)
{
	copy_text(call->job_id, sizeof call->job_id, request, "job_id");
	copy_text(call->writer, sizeof call->writer, request, "writer");
	copy_text(call->request_id, sizeof call->request_id, request, "request_id");
	copy_text(call->resume_token, sizeof call->resume_token, request, "resume_token");
	copy_text(call->message, sizeof call->message, request, "message");
	COPY_NUMBER(call->sequence, uint64_t, request, "sequence");
	COPY_NUMBER(call->stage, int32_t, request, "stage");
	COPY_NUMBER(call->attempt, int32_t, request, "attempt");
	COPY_NUMBER(call->mode, int32_t, request, "mode");
	COPY_NUMBER(call->done, double, request, "done");
	COPY_NUMBER(call->total, double, request, "total");
	call->wait_ms = find_ms(request, "timeout");
	call->lease_ms = find_ms(request, "lease");
	const ProtobufCFieldDescriptor *metadata =
	    protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "metadata");
	if (metadata != NULL)
		memcpy(&call->metadata_count, (const char *)request + metadata->quantifier_offset, sizeof call->metadata_count);
}

static const ProtobufCMethodDescriptor *find_method(const char *name)
{
	const char *slash = strrchr(name, '/');
	MUST(slash != NULL && strncmp(name, "/progress.v1.ProgressTrackerService/", 36) == 0);
	return protobuf_c_service_descriptor_get_method_by_name(&progress__v1__progress_tracker_service__descriptor,
	                                                        slash + 1);
}

/* A call with the request, or an update of the batch that came in as call number `batch`. */
static void note(struct fake *fake, const Progress__Rpc__V1__Call *frame, const char *method,
                 const ProtobufCMessage *request, size_t batch)
{
	MUST(fake->call_count < FAKE_CALLS_MAX);
	struct fake_call *call = &fake->calls[fake->call_count++];
	memset(call, 0, sizeof *call);
	snprintf(call->method, sizeof call->method, "%s", method);
	snprintf(call->authorization, sizeof call->authorization, "%s", frame->authorization);
	call->timeout_ms = frame->timeout_ms;
	call->batch = batch;
	note_request(call, request);
}

static void note_call(struct fake *fake, const Progress__Rpc__V1__Call *frame, const ProtobufCMethodDescriptor *method,
                      const ProtobufCMessage *request)
{
	note(fake, frame, method->name, request, 0);
	size_t batch = fake->call_count;
	struct fake_part part;
	for (size_t i = 0; fake_batch_part(request, i, &part); i++)
		note(fake, frame, part.method, part.update, batch);
	pthread_cond_broadcast(&fake->changed);
}

static bool is_update(const char *method)
{
	return strncmp(method, "Update", 6) == 0 || strcmp(method, "SimulateProgress") == 0;
}

static void fill_info(Progress__V1__ProgressInfo *info, const struct fake_plan *plan, char *job_id)
{
	static Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	static Progress__V1__ProgressInfo__MetadataEntry late = PROGRESS__V1__PROGRESS_INFO__METADATA_ENTRY__INIT;
	static Progress__V1__ProgressInfo__MetadataEntry early = PROGRESS__V1__PROGRESS_INFO__METADATA_ENTRY__INIT;
	static Progress__V1__ProgressInfo__MetadataEntry *entries[] = {&late, &early};
	static char key_b[] = "b", key_a[] = "a", value_2[] = "2", value_1[] = "1", status[] = "transcribing",
	            cancel_reason[] = "wrong video";
	late.key = key_b, late.value = value_2, early.key = key_a, early.value = value_1;
	created.seconds = 1700000000, created.nanos = 123000000;
	info->job_id = job_id;
	info->status = status;
	info->stage = PROGRESS__V1__PIPELINE_STAGE__PIPELINE_STAGE_TRANSCRIBING;
	info->progress = 37;
	info->fraction = 0.375;
	info->revision = plan->revision;
	info->state =
	    plan->ended ? PROGRESS__V1__JOB_STATE__JOB_STATE_SUCCEEDED : PROGRESS__V1__JOB_STATE__JOB_STATE_ACTIVE;
	info->cancel_requested = plan->cancel_asked;
	info->cancel_reason = cancel_reason;
	info->create_time = &created;
	info->metadata = entries;
	info->n_metadata = 2;
}

/* The answer to a watch, packed; the caller frees it. */
static uint8_t *pack_changes(const struct fake_plan *plan, char *job_id, size_t *ret_bytes)
{
	Progress__V1__WatchProgressResponse response = PROGRESS__V1__WATCH_PROGRESS_RESPONSE__INIT;
	Progress__V1__ProgressInfo past = PROGRESS__V1__PROGRESS_INFO__INIT, present = past;
	Progress__V1__ProgressEvent before = PROGRESS__V1__PROGRESS_EVENT__INIT, now = before, deletion = before;
	Progress__V1__ProgressEvent *events[5];
	char token[24];
	fill_info(&past, plan, job_id);
	fill_info(&present, plan, job_id);
	past.revision--;
	past.state = PROGRESS__V1__JOB_STATE__JOB_STATE_ACTIVE;
	before.progress_info = &past;
	now.progress_info = deletion.progress_info = &present;
	deletion.kind = PROGRESS__V1__EVENT_KIND__EVENT_KIND_DELETED;
	for (int echo = 0; plan->echoes && echo < 2; echo++)
		events[response.n_events++] = echo == 0 && plan->revision > 1 ? &before : &now;
	events[response.n_events++] = &now;
	if (plan->deleted)
		events[response.n_events++] = &deletion;
	snprintf(token, sizeof token, "after %llu", (unsigned long long)plan->revision);
	response.events = events;
	response.resume_token = token;
	uint8_t *bytes = malloc(progress__v1__watch_progress_response__get_packed_size(&response));
	MUST(bytes != NULL);
	*ret_bytes = progress__v1__watch_progress_response__pack(&response, bytes);
	return bytes;
}

/* A request, opened. */
struct asked {
	const ProtobufCMethodDescriptor *method;
	const ProtobufCMessage *request;
	char job_id[40];
};

/* The answer to a batch, packed; the caller frees it. */
static uint8_t *pack_results(struct fake_plan *plan, struct asked *asked, size_t *ret_bytes)
{
	Progress__V1__ProgressInfo info = PROGRESS__V1__PROGRESS_INFO__INIT;
	fill_info(&info, plan, asked->job_id);
	return fake_batch_pack(asked->request, plan, &info, ret_bytes);
}

/* The method's response, packed; the caller frees it. */
static uint8_t *pack_response(struct asked *asked, struct fake_plan *plan, size_t *ret_bytes)
{
	const ProtobufCMethodDescriptor *method = asked->method;
	char *job_id = asked->job_id;
	if (method->output == &progress__v1__batch_update_progress_response__descriptor)
		return pack_results(plan, asked, ret_bytes);
	if (method->output == &progress__v1__watch_progress_response__descriptor)
		return pack_changes(plan, job_id, ret_bytes);
	ProtobufCMessage *response = calloc(1, method->output->sizeof_message);
	MUST(response != NULL);
	protobuf_c_message_init(method->output, response);
	Progress__V1__ProgressInfo info = PROGRESS__V1__PROGRESS_INFO__INIT, *pointer = &info;
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field_by_name(method->output, "progress_info");
	fill_info(&info, plan, job_id);
	if (field != NULL && !plan->empty)
		memcpy((char *)response + field->offset, &pointer, sizeof pointer);
	field = protobuf_c_message_descriptor_get_field_by_name(method->output, "outcome");
	int applied = PROGRESS__V1__UPDATE_OUTCOME__UPDATE_OUTCOME_APPLIED;
	if (field != NULL)
		memcpy((char *)response + field->offset, &applied, sizeof applied);
	uint8_t *bytes = malloc(protobuf_c_message_get_packed_size(response) + 1);
	MUST(bytes != NULL);
	*ret_bytes = protobuf_c_message_pack(response, bytes);
	free(response);
	return bytes;
}

/* A block in *ret_bytes. */
static void build_reply(struct asked *asked, struct fake_plan *plan, uint8_t **ret_bytes, size_t *ret_length)
{
	static const char garbage[] = "\xff\xff\xff garbage";
	char text[600], reason[64];
	Progress__Rpc__V1__Reply reply = PROGRESS__RPC__V1__REPLY__INIT;
	const char *why = plan->reason != NULL ? plan->reason : "";
	reply.code = fake_batch_refusal(asked->request, &why);
	if (reply.code == 0)
		reply.code = plan->code;
	if (reply.code != 0) {
		snprintf(text, sizeof text, "%s", plan->message != NULL ? plan->message : "");
		snprintf(reason, sizeof reason, "%s", why);
		reply.message = text;
		reply.reason = reason;
	} else {
		reply.response.data = pack_response(asked, plan, &reply.response.len);
		reply.durability = PROGRESS__RPC__V1__DURABILITY__DURABILITY_SYNCED;
	}
	*ret_bytes = malloc(progress__rpc__v1__reply__get_packed_size(&reply) + sizeof garbage);
	MUST(*ret_bytes != NULL);
	*ret_length = progress__rpc__v1__reply__pack(&reply, *ret_bytes);
	if (plan->garbage) {
		memcpy(*ret_bytes, garbage, sizeof garbage);
		*ret_length = sizeof garbage;
	}
	free(reply.response.data);
}

static void pack_server_info(const struct fake_plan *plan, uint8_t **ret_bytes, size_t *ret_length)
{
	static char name[] = "progressd", store[] = "memory";
	char version[32];
	snprintf(version, sizeof version, "%s", plan->version != NULL ? plan->version : PRG_VERSION);
	Progress__V1__GetServerInfoResponse info = PROGRESS__V1__GET_SERVER_INFO_RESPONSE__INIT;
	info.name = name, info.version = version, info.store = store;
	uint8_t packed[256];
	Progress__Rpc__V1__Reply reply = PROGRESS__RPC__V1__REPLY__INIT;
	reply.response.len = progress__v1__get_server_info_response__pack(&info, packed);
	reply.response.data = packed;
	*ret_bytes = malloc(progress__rpc__v1__reply__get_packed_size(&reply));
	MUST(*ret_bytes != NULL);
	*ret_length = progress__rpc__v1__reply__pack(&reply, *ret_bytes);
}

/* Follows the plan for one call, with the lock held; false: the connection is to be dropped. */
static bool follow_plan(struct fake *fake, struct asked *asked, uint8_t **ret_bytes, size_t *ret_length)
{
	const ProtobufCMethodDescriptor *method = asked->method;
	struct fake_plan *plan = &fake->plan;
	bool drop = plan->drops_left > 0;
	plan->drops_left -= drop ? 1 : 0;
	while ((plan->hold || (plan->held != NULL && strcmp(plan->held, method->name) == 0)) && !fake->away)
		pthread_cond_wait(&fake->changed, &fake->lock);
	plan->revision += is_update(method->name) || plan->ends_at != 0 ? 1 : 0;
	plan->ended = plan->ended || (plan->ends_at != 0 && plan->revision >= (uint64_t)plan->ends_at);
	if (drop || fake->away)
		return false;
	build_reply(asked, plan, ret_bytes, ret_length);
	if (plan->failures_left > 0 && --plan->failures_left == 0)
		plan->code = 0;
	return true;
}

static bool answer(void *context, const uint8_t *bytes, size_t length, uint8_t **ret_bytes, size_t *ret_length)
{
	struct fake *fake = context;
	Progress__Rpc__V1__Call *frame = progress__rpc__v1__call__unpack(NULL, length, bytes);
	MUST(frame != NULL);
	const ProtobufCMethodDescriptor *method = find_method(frame->method);
	MUST(method != NULL);
	ProtobufCMessage *request = protobuf_c_message_unpack(method->input, NULL, frame->request.len, frame->request.data);
	MUST(request != NULL);
	struct asked asked = {.method = method, .request = request};
	copy_text(asked.job_id, sizeof asked.job_id, request, "job_id");
	pthread_mutex_lock(&fake->lock);
	bool answered = true;
	if (method->output == &progress__v1__get_server_info_response__descriptor) {
		pack_server_info(&fake->plan, ret_bytes, ret_length);
	} else {
		note_call(fake, frame, method, request);
		answered = follow_plan(fake, &asked, ret_bytes, ret_length);
	}
	pthread_mutex_unlock(&fake->lock);
	protobuf_c_message_free_unpacked(request, NULL);
	progress__rpc__v1__call__free_unpacked(frame, NULL);
	return answered;
}

void fake_arrive(struct fake *fake)
{
	fake->away = false;
	sp_server_start(&fake->server, fake->url + strlen("ipc://"), answer, fake);
}

void fake_leave(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	fake->away = true;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
	sp_server_stop(&fake->server);
	unlink(fake->url + strlen("ipc://"));
}

void fake_start_absent(struct fake *fake)
{
	memset(fake, 0, sizeof *fake);
	snprintf(fake->folder, sizeof fake->folder, "/tmp/prg-test-XXXXXX");
	MUST(mkdtemp(fake->folder) != NULL);
	snprintf(fake->url, sizeof fake->url, "ipc://%s/rpc.sock", fake->folder);
	pthread_mutex_init(&fake->lock, NULL);
	pthread_cond_init(&fake->changed, NULL);
	fake->calls = calloc(FAKE_CALLS_MAX, sizeof *fake->calls);
	MUST(fake->calls != NULL);
	fake->away = true;
}

void fake_start(struct fake *fake)
{
	fake_start_absent(fake);
	fake_arrive(fake);
}

void fake_stop(struct fake *fake)
{
	if (!fake->away)
		fake_leave(fake);
	rmdir(fake->folder);
	pthread_mutex_destroy(&fake->lock);
	pthread_cond_destroy(&fake->changed);
	free(fake->calls);
}

void fake_set_plan(struct fake *fake, struct fake_plan plan)
{
	pthread_mutex_lock(&fake->lock);
	fake->plan = plan;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

size_t fake_wait_for_calls(struct fake *fake, size_t count)
{
	pthread_mutex_lock(&fake->lock);
	while (fake->call_count < count)
		pthread_cond_wait(&fake->changed, &fake->lock);
	size_t call_count = fake->call_count;
	pthread_mutex_unlock(&fake->lock);
	return call_count;
}

size_t fake_call_count(struct fake *fake)
{
	return fake_wait_for_calls(fake, 0);
}

struct fake_call fake_get_call(struct fake *fake, size_t index)
{
	pthread_mutex_lock(&fake->lock);
	MUST(index < fake->call_count);
	struct fake_call call = fake->calls[index];
	pthread_mutex_unlock(&fake->lock);
	return call;
}
