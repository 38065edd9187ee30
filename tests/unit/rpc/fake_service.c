/* Decides what the service says behind the door that is tested. */
#include "fake_service.h"

#include <assert.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 20 };

struct waiting {
	struct call *call;
	struct waiting *next;
};

struct service {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct waiting *parked;
	struct waiting *later; /* the newest first */
	size_t parked_count;
	size_t calls;
	bool is_stopping;
};

static void push(struct waiting **list, struct call *call)
{
	struct waiting *waiting = malloc(sizeof *waiting);
	assert(waiting != NULL);
	*waiting = (struct waiting){.call = call, .next = *list};
	*list = waiting;
}

/* The request is lent until service_call returns. */
static void keep_request(struct call *call)
{
	uint8_t *copy = arena_take(call->arena, call->request.length + 1);
	assert(copy != NULL);
	memcpy(copy, call->request.at, call->request.length);
	call->request.at = copy;
}

static struct call *pop(struct waiting **list)
{
	struct waiting *waiting = *list;
	struct call *call = waiting->call;
	*list = waiting->next;
	free(waiting);
	return call;
}

static void answer_with_request(struct call *call)
{
	call->response = call->request;
	call->durability = STORE_MEMORY;
	call->reply(call);
}

static void *answer_later(void *argument)
{
	struct service *service = argument;
	pthread_mutex_lock(&service->lock);
	while (!service->is_stopping) {
		if (service->later == NULL) {
			pthread_cond_wait(&service->changed, &service->lock);
			continue;
		}
		struct call *call = pop(&service->later);
		pthread_mutex_unlock(&service->lock);
		answer_with_request(call);
		pthread_mutex_lock(&service->lock);
	}
	pthread_mutex_unlock(&service->lock);
	return NULL;
}

struct service *fake_create(void)
{
	struct service *service = calloc(1, sizeof *service);
	assert(service != NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&service->lock, NULL);
	pthread_cond_init(&service->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	int code = pthread_create(&service->thread, NULL, answer_later, service);
	assert(code == 0);
	return service;
}

void fake_destroy(struct service *service)
{
	pthread_mutex_lock(&service->lock);
	cr_assert_eq(service->parked_count, 0);
	service->is_stopping = true;
	pthread_cond_broadcast(&service->changed);
	pthread_mutex_unlock(&service->lock);
	pthread_join(service->thread, NULL);
	pthread_cond_destroy(&service->changed);
	pthread_mutex_destroy(&service->lock);
	free(service);
}

void fake_await_parked(struct service *service, size_t count)
{
	struct timespec deadline;
	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += PATIENCE_S;
	int code = 0;
	pthread_mutex_lock(&service->lock);
	while (service->parked_count != count && code == 0)
		code = pthread_cond_timedwait(&service->changed, &service->lock, &deadline);
	size_t parked_count = service->parked_count;
	pthread_mutex_unlock(&service->lock);
	cr_assert_eq(parked_count, count, "%zu calls are parked instead of %zu", parked_count, count);
}

void fake_release(struct service *service)
{
	pthread_mutex_lock(&service->lock);
	struct waiting *parked = service->parked;
	service->parked = NULL;
	service->parked_count = 0;
	pthread_mutex_unlock(&service->lock);
	while (parked != NULL)
		answer_with_request(pop(&parked));
}

size_t fake_calls(struct service *service)
{
	pthread_mutex_lock(&service->lock);
	size_t calls = service->calls;
	pthread_mutex_unlock(&service->lock);
	return calls;
}

void service_call(struct service *service, struct call *call)
{
	bool is_known = true;
	bool is_echo = strcmp(call->method, "/test/Echo") == 0;
	pthread_mutex_lock(&service->lock);
	service->calls++;
	if (!is_echo)
		keep_request(call);
	if (strcmp(call->method, "/test/Park") == 0) {
		push(&service->parked, call);
		service->parked_count++;
	} else if (strcmp(call->method, "/test/Later") == 0) {
		push(&service->later, call);
	} else {
		is_known = is_echo;
	}
	pthread_cond_broadcast(&service->changed);
	pthread_mutex_unlock(&service->lock);
	if (is_known && !is_echo)
		return;
	if (is_echo) {
		answer_with_request(call);
		return;
	}
	fault_set(&call->fault, ERR_UNIMPLEMENTED, "NO_SUCH_METHOD", "there is no method \"%s\"", call->method);
	call->reply(call);
}

void service_release(struct service *service)
{
	(void)service; /* it holds no calls */
}

void service_forget_peer(struct service *service, uint64_t peer)
{
	struct waiting *forgotten = NULL;
	pthread_mutex_lock(&service->lock);
	for (struct waiting **link = &service->parked; *link != NULL;) {
		if ((*link)->call->peer != peer) {
			link = &(*link)->next;
			continue;
		}
		push(&forgotten, pop(link));
		service->parked_count--;
	}
	pthread_cond_broadcast(&service->changed);
	pthread_mutex_unlock(&service->lock);
	while (forgotten != NULL) {
		struct call *call = pop(&forgotten);
		fault_set(&call->fault, ERR_CANCELLED, "PEER_GONE", "the connection is gone");
		call->reply(call);
	}
}
