/* How calls are made and answers opened. */
#include "desk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

enum { TALK_BYTES_MAX = 16 << 20 };

static const char prefix[] = "/progress.v1.ProgressTrackerService/";

static void forbid_data_loss(const struct fault *fault)
{
	fprintf(stderr, "data loss: %s\n", fault->text);
	abort();
}

void desk_open(struct desk *desk, bool commits_quickly, const struct service_options *options)
{
	struct fault fault;
	*desk = (struct desk){0};
	feed_init(&desk->feed, &feed_history_limits_default);
	if (commits_quickly)
		cr_assert_eq(store_open("memory:", &desk->memory, &fault), ERR_OK);
	else
		fake_store_open(&desk->fake, NULL, 0);
	struct store *store = commits_quickly ? desk->memory : &desk->fake.base;
	struct service_options given = *options;
	given.on_data_loss = forbid_data_loss;
	cr_assert_eq(service_start(&given, store, &desk->feed, &desk->service, &fault), ERR_OK);
}

void desk_stop(struct desk *desk)
{
	service_stop(desk->service);
	desk->is_stopped = true;
}

void desk_close(struct desk *desk)
{
	if (!desk->is_stopped)
		desk_stop(desk);
	service_destroy(desk->service);
	feed_finish(&desk->feed);
	if (desk->memory != NULL)
		store_close(desk->memory);
	else
		fake_store_close(&desk->fake);
}

static void take_reply(struct call *call)
{
	sem_post(&((struct talk *)(void *)call)->answered);
}

static void open_talk(struct talk *talk, const char *method, size_t arena_bytes_max)
{
	*talk = (struct talk){0};
	arena_init(&talk->arena, arena_bytes_max);
	sem_init(&talk->answered, 0, 0);
	snprintf(talk->method, sizeof talk->method, "%s", method);
	talk->call.arena = &talk->arena;
	talk->call.method = talk->method;
	talk->call.peer = 1;
	talk->call.reply = take_reply;
}

void talk_start_bytes(struct talk *talk, struct desk *desk, const char *method, struct wire_bytes request,
                      size_t arena_bytes_max)
{
	open_talk(talk, method, arena_bytes_max);
	talk->call.request = request;
	service_call(desk->service, &talk->call);
}

static const ProtobufCMethodDescriptor *describe(const char *method)
{
	const ProtobufCMethodDescriptor *found =
	    protobuf_c_service_descriptor_get_method_by_name(&progress__v1__progress_tracker_service__descriptor, method);
	cr_assert_not_null(found, "there is no method %s", method);
	return found;
}

void talk_start(struct talk *talk, struct desk *desk, const char *method, const char *words)
{
	char name[100];
	snprintf(name, sizeof name, "%s%s", prefix, method);
	open_talk(talk, name, TALK_BYTES_MAX);
	talk->call.is_held = desk->holds;
	ProtobufCMessage *request = request_make(describe(method)->input, words, &talk->arena);
	cr_assert_eq(wire_seal(request, &talk->arena, &talk->call.request, &talk->call.fault), ERR_OK);
	service_call(desk->service, &talk->call);
}

enum err talk_wait(struct talk *talk)
{
	while (sem_wait(&talk->answered) != 0)
		continue;
	if (talk->call.fault.code != ERR_OK)
		return talk->call.fault.code;
	struct fault fault;
	ProtobufCMessage *response;
	const ProtobufCMessageDescriptor *type = describe(strrchr(talk->method, '/') + 1)->output;
	/* A page of jobs may be as large as a message can be, so what opens it is not bounded here as a request is. */
	cr_assert_eq(wire_open(type, talk->call.response.at, talk->call.response.length, &talk->arena, &response, &fault),
	             ERR_OK, "%s", fault.text);
	talk->response = response;
	return ERR_OK;
}

bool talk_is_answered(struct talk *talk)
{
	int value;
	sem_getvalue(&talk->answered, &value);
	return value > 0;
}

void talk_finish(struct talk *talk)
{
	cr_assert_not(talk_is_answered(talk), "%s was answered twice", talk->method);
	sem_destroy(&talk->answered);
	arena_finish(&talk->arena);
}

void talk_well(struct talk *talk, struct desk *desk, const char *method, const char *words)
{
	talk_start(talk, desk, method, words);
	cr_assert_eq(talk_wait(talk), ERR_OK, "%s: %s", method, talk->call.fault.text);
}

const Progress__V1__ProgressInfo *talk_info(const struct talk *talk)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(talk->response->descriptor, 1);
	cr_assert_eq(field->descriptor, &progress__v1__progress_info__descriptor);
	const Progress__V1__ProgressInfo *const *info = (const void *)((const char *)talk->response + field->offset);
	cr_assert_not_null(*info);
	return *info;
}
