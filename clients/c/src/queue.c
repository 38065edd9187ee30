/* How parcels grow and are used again. */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

enum { ORDERS_MIN = 64, BYTES_MIN = 8192 };

static void destroy_parcel(struct parcel *parcel)
{
	if (parcel == NULL)
		return;
	free(parcel->orders);
	free(parcel->bytes);
	free(parcel);
}

static struct parcel *take_empty(struct queue *queue)
{
	struct parcel *parcel = queue->spare;
	queue->spare = NULL;
	return parcel != NULL ? parcel : calloc(1, sizeof *parcel);
}

/* The parcel is used again, unless another one waits for that already. */
static void put_back(struct queue *queue, struct parcel *parcel)
{
	if (queue->spare != NULL) {
		destroy_parcel(parcel);
		return;
	}
	parcel->next = NULL;
	parcel->is_sealed = false;
	parcel->first = parcel->count = parcel->bytes_used = 0;
	queue->spare = parcel;
}

static bool has_room(const struct parcel *parcel, size_t bytes)
{
	return !parcel->is_sealed && parcel->count < PARCEL_ORDERS_MAX &&
	       (parcel->count == 0 || parcel->bytes_used + bytes <= PARCEL_BYTES_MAX);
}

static size_t grown(size_t room, size_t least, size_t needed)
{
	room = room < least ? least : room;
	while (room < needed)
		room *= 2;
	return room;
}

static bool grow(struct parcel *parcel, size_t bytes)
{
	if (parcel->count == parcel->room) {
		size_t room = grown(parcel->room, ORDERS_MIN, parcel->count + 1);
		struct order *orders = realloc(parcel->orders, room * sizeof *orders);
		if (orders == NULL)
			return false;
		parcel->orders = orders;
		parcel->room = room;
	}
	if (parcel->bytes_used + bytes > parcel->bytes_room) {
		size_t room = grown(parcel->bytes_room, BYTES_MIN, parcel->bytes_used + bytes);
		uint8_t *longer = realloc(parcel->bytes, room);
		if (longer == NULL)
			return false;
		parcel->bytes = longer;
		parcel->bytes_room = room;
	}
	return true;
}

static bool add_parcel(struct queue *queue)
{
	struct parcel *parcel = take_empty(queue);
	if (parcel == NULL)
		return false;
	if (queue->last_waiting != NULL)
		queue->last_waiting->next = parcel;
	else
		queue->first_waiting = parcel;
	queue->last_waiting = parcel;
	return true;
}

uint8_t *queue_reserve(struct queue *queue, size_t bytes)
{
	if ((queue->last_waiting == NULL || !has_room(queue->last_waiting, bytes)) && !add_parcel(queue))
		return NULL;
	struct parcel *parcel = queue->last_waiting;
	return grow(parcel, bytes) ? parcel->bytes + parcel->bytes_used : NULL;
}

void queue_append(struct queue *queue, const struct order *order, size_t bytes, size_t job_id_bytes)
{
	struct parcel *parcel = queue->last_waiting;
	struct order *place = &parcel->orders[parcel->count++];
	*place = *order;
	place->at = (uint32_t)parcel->bytes_used;
	place->bytes = (uint32_t)bytes;
	parcel->bytes_used += bytes + job_id_bytes;
	queue->bytes += bytes;
	queue->called++;
}

void queue_seal(struct queue *queue)
{
	if (queue->last_waiting != NULL)
		queue->last_waiting->is_sealed = true;
}

static void pop_waiting(struct queue *queue)
{
	struct parcel *parcel = queue->first_waiting;
	queue->first_waiting = parcel->next;
	if (queue->first_waiting == NULL)
		queue->last_waiting = NULL;
	parcel->next = NULL;
}

void queue_take_leaving(struct queue *queue)
{
	struct parcel *parcel = queue->first_waiting;
	if (queue->leaving != NULL || parcel == NULL)
		return;
	pop_waiting(queue);
	queue->leaving = parcel;
	queue->sent_end = 0;
}

bool queue_has_orders(const struct queue *queue)
{
	const struct parcel *next = queue->leaving != NULL ? queue->leaving : queue->first_waiting;
	return next != NULL && next->first < next->count;
}

void queue_bring_back(struct queue *queue)
{
	for (size_t i = 0; i < queue->sent_end; i++)
		queue->leaving->orders[i].is_sent = false;
	queue->sent_end = 0;
}

/* Whether none of its orders is left. */
static bool settle_parcel(struct queue *queue, struct parcel *parcel)
{
	while (parcel->first < parcel->count && parcel->orders[parcel->first].is_over) {
		queue->bytes -= parcel->orders[parcel->first++].bytes;
		queue->settled++;
	}
	return parcel->first == parcel->count;
}

void queue_settle(struct queue *queue)
{
	if (queue->sent_end > 0)
		return;
	if (queue->leaving != NULL && settle_parcel(queue, queue->leaving)) {
		put_back(queue, queue->leaving);
		queue->leaving = NULL;
	}
	while (queue->leaving == NULL && queue->first_waiting != NULL && settle_parcel(queue, queue->first_waiting)) {
		struct parcel *parcel = queue->first_waiting;
		pop_waiting(queue);
		put_back(queue, parcel);
	}
}

const char *parcel_job_id(const struct parcel *parcel, const struct order *order)
{
	return (const char *)parcel->bytes + order->at + order->bytes;
}

void queue_finish(struct queue *queue)
{
	destroy_parcel(queue->spare);
	destroy_parcel(queue->leaving);
	while (queue->first_waiting != NULL) {
		struct parcel *parcel = queue->first_waiting;
		queue->first_waiting = parcel->next;
		destroy_parcel(parcel);
	}
}
