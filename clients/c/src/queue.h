/*
 * Asynchronous updates in the order in which they were called. They lie packed in parcels; callers append to the last
 * one, and the gather's thread takes them away from the first. One part of the first parcel at a time is under way, so
 * nothing is overtaken.
 */
#ifndef PRG_QUEUE_H
#define PRG_QUEUE_H

#include <prg/prg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PARCEL_ORDERS_MAX = 10000, PARCEL_BYTES_MAX = 1000000 };

/* One asynchronous update. */
struct order {
	prg_result_fn *callback; /* NULL: none */
	void *context;
	int64_t deadline_ms; /* steady.h */
	uint32_t at;         /* where its bytes begin in its parcel; its job_id, ended by NUL, lies behind them */
	uint32_t bytes;      /* as an element of BatchUpdateProgressRequest.updates */
	bool wants_progress;
	bool is_sent; /* it is a part of what is under way */
	bool is_over; /* it has had its result */
};

struct parcel {
	struct parcel *next;
	struct order *orders;
	size_t first; /* all before are over */
	size_t count, room;
	uint8_t *bytes;
	size_t bytes_used, bytes_room;
	bool is_sealed; /* nothing is appended, so that everything stays where it is */
};

struct queue {
	/* The thread's alone: */
	struct parcel *leaving; /* is sent before what waits; NULL: nothing */
	size_t sent_end;        /* of it the orders before this are under way; 0: none */
	/* For all below: the gather's lock. */
	struct parcel *first_waiting, *last_waiting;
	struct parcel *spare;     /* to be filled next; NULL: none */
	uint64_t called, settled; /* orders ever appended; of those the first so many are over */
	size_t bytes;             /* of the orders that are not settled */
};

/* Room behind the last order for one more of that many bytes, its job_id included. NULL: no memory. */
uint8_t *queue_reserve(struct queue *queue, size_t bytes);

/* Makes what was reserved the last order; `bytes` and `job_id_bytes` are how much of it was used. */
void queue_append(struct queue *queue, const struct order *order, size_t bytes, size_t job_id_bytes);

/* Lets what is appended from now on go into another parcel. */
void queue_seal(struct queue *queue);

/* Takes the next parcel from those that wait, if none is leaving. */
void queue_take_leaving(struct queue *queue);

/* Whether there is something to send. */
bool queue_has_orders(const struct queue *queue);

/* Ends what is under way: what has no result yet is sent again. */
void queue_bring_back(struct queue *queue);

/* Forgets the orders at the head that are over, unless some are under way. */
void queue_settle(struct queue *queue);

const char *parcel_job_id(const struct parcel *parcel, const struct order *order);

/* Frees all that the queue has. */
void queue_finish(struct queue *queue);

#endif
