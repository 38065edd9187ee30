/*
 * `progressd replay`: carries out a script of events and questions on a virtual clock, with the model of the service
 * and nothing else: no sockets, no store but memory, no real time. For developing and judging the model.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stdio.h>

#include "base/err.h"

/* Reads the script (line.h says what it may hold) to its end and answers each query with one line
 *     {"job","t","pct","eta","lo","hi","flag","source","progress"}
 * pct: 100 times the time fraction; eta, lo, hi: seconds or null; flag: lost, silent, overdue or null; source:
 * MEASURED, ESTIMATED or SIMULATED; progress: the whole percent in the stage's range (when a job has failed, what it
 * had reached). INVALID_ARGUMENT: a bad line, the text names its number. RESOURCE_EXHAUSTED: no memory. */
enum err replay_run(FILE *script, FILE *shown, struct fault *fault) MUST_USE;

#endif
