/*
 * A service for the tests of the door. It knows three methods: "/test/Echo" answers at once with the request,
 * "/test/Later" does so from another thread, the newest call first, and "/test/Park" waits for fake_release.
 */
#ifndef TESTS_RPC_FAKE_SERVICE_H
#define TESTS_RPC_FAKE_SERVICE_H

#include <stddef.h>

#include "service/call.h"

struct service *fake_create(void);

/* No call may be waiting. */
void fake_destroy(struct service *service);

/* Waits until so many calls are parked; fails the test if that takes too long. */
void fake_await_parked(struct service *service, size_t count);

/* Answers all parked calls with their requests. */
void fake_release(struct service *service);

/* How many calls came in so far. */
size_t fake_calls(struct service *service);

#endif
