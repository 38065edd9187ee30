/*
 * A service for tests of the client: listens on a socket in a folder of its own, notes every call and answers as it is
 * told. All functions are for the test's thread; the fields of struct fake_plan may be changed under the lock only
 * (fake_plan does it).
 */
#ifndef TESTS_UNIT_PRG_FAKE_H
#define TESTS_UNIT_PRG_FAKE_H

#include <progress/v1/progress_service.pb-c.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sp_server.h"

enum { FAKE_CALLS_MAX = 20000 };

/* A call as it came in. */
struct fake_call {
	char method[40]; /* "GetProgress" */
	char job_id[40];
	char writer[72];
	char request_id[72];
	char authorization[40];
	char resume_token[40];
	char message[1100];
	uint64_t sequence;
	uint32_t timeout_ms;
	int64_t wait_ms;  /* of the request's timeout; -1: none */
	int64_t lease_ms; /* -1: none */
	int32_t stage;
	int32_t attempt;
	int32_t mode; /* of a watch */
	double done;
	double total;
	size_t metadata_count;
	size_t batch; /* number from 1 of the BatchUpdateProgress call it was a part of; 0: a call of its own */
};

/* How calls are answered from now on, but for the question who the service is: that is always answered, and not
 * counted. */
struct fake_plan {
	int code;            /* 0: by a state of the job */
	const char *message; /* of errors */
	const char *reason;
	int failures_left;   /* the code above is for so many calls only; 0: for all */
	int drops_left;      /* so many calls lose their connection instead of getting an answer */
	bool hold;           /* no answer until this is false again */
	const char *held;    /* no answer to this method as long as it is named here */
	bool garbage;        /* bytes that are no Reply */
	bool empty;          /* a success without progress_info */
	bool cancel_asked;   /* cancel_requested in every answer */
	uint64_t revision;   /* of the job; each update adds one */
	bool ended;          /* the job has succeeded */
	int ends_at;         /* the job ends at this revision; 0: never */
	bool echoes;         /* watches are told the state before once more, and the present one twice */
	bool stopping;       /* each update of a batch is answered as not available; failures_left counts */
	const char *version; /* of the service; NULL: the client's */
	bool deleted;        /* watches are told that the job was deleted, after its last state */
};

struct fake {
	char folder[32];
	char url[128];
	struct sp_server server;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool away; /* it does not listen */
	struct fake_plan plan;
	struct fake_call *calls;
	size_t call_count;
};

/* Makes the folder and starts to listen. */
void fake_start(struct fake *fake);

/* The same without listening: there is nobody at fake->url. */
void fake_start_absent(struct fake *fake);

/* Begins to listen, after fake_start_absent or fake_leave. */
void fake_arrive(struct fake *fake);

/* Stops to listen; calls under way get no answer. */
void fake_leave(struct fake *fake);

/* Ends everything, whether it listens or not, and removes the folder. */
void fake_stop(struct fake *fake);

/* Changes the plan. */
void fake_set_plan(struct fake *fake, struct fake_plan plan);

/* Waits until so many calls have come in since the start, and returns how many have. */
size_t fake_wait_for_calls(struct fake *fake, size_t count);

/* How many calls have come in. */
size_t fake_call_count(struct fake *fake);

/* A copy of call number `index`. */
struct fake_call fake_get_call(struct fake *fake, size_t index);

#endif
