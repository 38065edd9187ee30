/* A fake service and a client of it, for each test. */
#ifndef TESTS_UNIT_PRG_FIXTURE_H
#define TESTS_UNIT_PRG_FIXTURE_H

#include <prg/prg.h>

#include "fake.h"

extern struct fake fake;
extern struct prg_client *client;

/* Starts the service and opens a client with a writer of the name "tester". */
void fixture_start(void);

/* Closes the client, if it is not NULL, and stops the service. */
void fixture_stop(void);

/* Opens another client of the same service; fails the test if that is not possible. */
struct prg_client *fixture_open(const struct prg_options *options);

#endif
