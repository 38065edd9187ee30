/* The callers' side: how an update gets into the queue, and who waits for it. */
#include "gather.h"

#include <progress/v1/progress_service.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "error.h"
#include "field.h"
#include "quiet_thread.h"
#include "steady.h"

enum {
	COUNT_MAX = 65536,
	BYTES_MAX = 16 << 20,
	HEADS_BYTES_MAX = 2 * FIELD_HEAD_BYTES_MAX, /* of an element of the batch, and of the update in it */
};

static uint64_t hash(const char *text)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);
	for (; *text != '\0'; text++)
		value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return value ^ value >> 32;
}

/* The client's with a mark behind it; the end of one that is too long for that becomes a number made from all of it. */
static void make_writer(struct gather *gather)
{
	enum { KEPT = CLIENT_WRITER_BYTES_MAX - 17 };
	const char *writer = gather->client->writer;
	size_t length = strlen(writer);
	if (length < CLIENT_WRITER_BYTES_MAX) {
		memcpy(gather->writer, writer, length);
		memcpy(gather->writer + length, "~", 2);
		return;
	}
	length = KEPT;
	while (length > 0 && ((unsigned char)writer[length] & 0xc0) == 0x80)
		length--;
	memcpy(gather->writer, writer, length);
	snprintf(gather->writer + length, sizeof gather->writer - length, "~%016llx", (unsigned long long)hash(writer));
}

static void free_gather(struct gather *gather)
{
	queue_finish(&gather->queue);
	link_finish(&gather->link);
	close(gather->wake_fd);
	pthread_cond_destroy(&gather->settled);
	pthread_mutex_destroy(&gather->lock);
	free(gather);
}

static struct gather *create(struct prg_client *client)
{
	struct gather *gather = calloc(1, sizeof *gather);
	if (gather == NULL)
		return NULL;
	gather->client = client;
	gather->look_ms = STEADY_NEVER;
	gather->portion_max = PARCEL_ORDERS_MAX;
	make_writer(gather);
	link_init(&gather->link, client->url);
	pthread_mutex_init(&gather->lock, NULL);
	steady_init(&gather->settled);
	gather->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (gather->wake_fd >= 0 && quiet_thread_start(&gather->thread, gather_run, gather))
		return gather;
	free_gather(gather);
	return NULL;
}

struct gather *gather_get(struct prg_client *client)
{
	pthread_mutex_lock(&client->lock);
	if (client->gather == NULL && !client->closing)
		client->gather = create(client);
	struct gather *gather = client->gather;
	bool closing = client->closing;
	pthread_mutex_unlock(&client->lock);
	if (gather == NULL && closing)
		error_set(PRG_CANCELLED, "CLIENT_CLOSED", "the client was closed");
	else if (gather == NULL)
		error_no_memory();
	return gather;
}

static struct gather *find(struct prg_client *client)
{
	pthread_mutex_lock(&client->lock);
	struct gather *gather = client->gather;
	pthread_mutex_unlock(&client->lock);
	return gather;
}

static enum prg_code check_room(const struct gather *gather, size_t bytes)
{
	if (gather->stop)
		return error_set(PRG_CANCELLED, "CLIENT_CLOSED", "the client was closed");
	if (bytes > PARCEL_BYTES_MAX)
		return error_set(PRG_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE", "the update has %zu bytes, allowed are %d", bytes,
		                 PARCEL_BYTES_MAX);
	const struct queue *queue = &gather->queue;
	size_t count = (size_t)(queue->called - queue->settled);
	if (count >= COUNT_MAX || queue->bytes + bytes > BYTES_MAX)
		return error_set(PRG_RESOURCE_EXHAUSTED, "TOO_MANY_WAITING",
		                 "%zu updates of %zu bytes wait for their answers already; allowed are %d of %d", count,
		                 queue->bytes, COUNT_MAX, BYTES_MAX);
	return PRG_OK;
}

/* Packs the update to the end of the queue. */
static enum prg_code append(struct gather *gather, const struct gather_update *update)
{
	struct queue *queue = &gather->queue;
	*update->sequence = atomic_fetch_add(&gather->client->sequence, 1) + 1;
	size_t length = protobuf_c_message_get_packed_size(update->request);
	size_t id_bytes = strlen(update->job_id) + 1;
	enum prg_code code = check_room(gather, length + HEADS_BYTES_MAX + id_bytes);
	if (code != PRG_OK)
		return code;
	uint8_t *begin = queue_reserve(queue, length + HEADS_BYTES_MAX + id_bytes);
	if (begin == NULL)
		return error_no_memory();
	const ProtobufCMessageDescriptor *batch = &progress__v1__batch_update_progress_request__descriptor;
	size_t part_bytes = field_head_bytes(update->number, length) + length;
	uint8_t *place = field_put_head(begin, field_number(batch, "updates"), part_bytes);
	place = field_put_head(place, update->number, length);
	place += protobuf_c_message_pack(update->request, place);
	memcpy(place, update->job_id, id_bytes);
	struct order order = {.callback = update->callback,
	                      .context = update->context,
	                      .deadline_ms = update->deadline_ms,
	                      .wants_progress = update->wants_progress};
	queue_append(queue, &order, (size_t)(place - begin), id_bytes);
	return PRG_OK;
}

/* The number of an eventfd cannot overflow here, so this cannot fail. */
static void wake(struct gather *gather)
{
	(void)!eventfd_write(gather->wake_fd, 1);
}

enum prg_code gather_add(struct gather *gather, const struct gather_update *update)
{
	pthread_mutex_lock(&gather->lock);
	enum prg_code code = append(gather, update);
	bool is_urgent = code == PRG_OK && update->deadline_ms < gather->look_ms;
	if (is_urgent)
		gather->look_ms = update->deadline_ms;
	bool wakes = gather->is_asleep && (is_urgent || !gather->trip.is_out);
	if (wakes)
		gather->is_asleep = false;
	pthread_mutex_unlock(&gather->lock);
	if (wakes)
		wake(gather);
	return code;
}

/* Waits until what was called before is settled; with the lock. */
static bool wait_until_settled(struct gather *gather, int64_t deadline_ms)
{
	const struct queue *queue = &gather->queue;
	uint64_t target = queue->called;
	gather->waiters++;
	while (queue->settled < target && steady_now_ms() < deadline_ms)
		steady_wait(&gather->settled, &gather->lock, deadline_ms);
	gather->waiters--;
	return queue->settled >= target;
}

bool gather_wait(struct prg_client *client, int64_t deadline_ms)
{
	struct gather *gather = find(client);
	if (gather == NULL || gather_is_in_callback(gather))
		return true;
	pthread_mutex_lock(&gather->lock);
	bool is_settled = wait_until_settled(gather, deadline_ms);
	pthread_mutex_unlock(&gather->lock);
	return is_settled;
}

static enum prg_code flush(struct gather *gather, int64_t deadline_ms)
{
	pthread_mutex_lock(&gather->lock);
	bool is_settled = wait_until_settled(gather, deadline_ms);
	struct gather_trouble failure = gather->failure;
	gather->failure.code = PRG_OK;
	pthread_mutex_unlock(&gather->lock);
	if (failure.code != PRG_OK)
		return error_set(failure.code, failure.reason, "%s", failure.text);
	if (!is_settled)
		return error_set(PRG_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "not all updates were answered in time");
	return PRG_OK;
}

enum prg_code prg_flush(struct prg_client *client)
{
	enum prg_code code = client_enter(client);
	if (code != PRG_OK)
		return code;
	struct gather *gather = find(client);
	if (gather != NULL && gather_is_in_callback(gather))
		error_set(PRG_FAILED_PRECONDITION, "IN_CALLBACK", "prg_flush was called by a callback that it would wait for");
	else if (gather != NULL)
		flush(gather, client_deadline_ms(client, 0));
	return client_leave(client);
}

void gather_stop(struct prg_client *client)
{
	struct gather *gather = find(client);
	if (gather == NULL)
		return;
	pthread_mutex_lock(&gather->lock);
	gather->stop = true;
	pthread_mutex_unlock(&gather->lock);
	wake(gather);
	pthread_join(gather->thread, NULL);
}

void gather_free(struct prg_client *client, bool forked)
{
	struct gather *gather = client->gather;
	if (gather == NULL)
		return;
	if (!forked) {
		free_gather(gather);
		return;
	}
	queue_finish(&gather->queue);
	link_finish(&gather->link);
	close(gather->wake_fd);
	free(gather);
}
