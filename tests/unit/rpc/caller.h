/* A plain NNG client for the tests of the door; every failure fails the test. */
#ifndef TESTS_RPC_CALLER_H
#define TESTS_RPC_CALLER_H

#include <nng/nng.h>
#include <stddef.h>

struct caller {
	nng_socket socket;
};

/* One call under way. */
struct caller_call {
	nng_ctx context;
	nng_aio *aio;
};

/* What came back. */
struct caller_reply {
	int code;
	char reason[40];
	char message[600];
	char response[64]; /* as a string */
	int durability;
};

void caller_open(struct caller *caller, const char *url);
void caller_close(struct caller *caller);

/* Sends a call whose request is the string; returns when the connection has taken it. */
void caller_start(struct caller *caller, const char *method, const char *request, struct caller_call *ret_call);

/* The same with the bytes of a whole frame. */
void caller_start_frame(struct caller *caller, const void *frame, size_t frame_bytes, struct caller_call *ret_call);

/* Waits for the reply. */
void caller_finish(struct caller_call *call, struct caller_reply *ret_reply);

/* Gives the call up. */
void caller_abandon(struct caller_call *call);

/* Calls and waits. */
void caller_call(struct caller *caller, const char *method, const char *request, struct caller_reply *ret_reply);

/* Calls "/test/Echo" and checks that the request comes back. */
void caller_check(struct caller *caller, const char *request);

#endif
