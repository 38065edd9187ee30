/* A peer that speaks, or breaks, the SP protocol by hand; a failure to connect fails the test. */
#ifndef TESTS_RPC_RAW_PEER_H
#define TESTS_RPC_RAW_PEER_H

#include <stdbool.h>
#include <stddef.h>

/* Connects to an ipc:// or tcp://127.0.0.1: URL and returns the file descriptor. */
int raw_connect(const char *url);

/* Connects and exchanges the greetings of SP as a REQ. */
int raw_connect_as_req(const char *url);

/* Sends a request on a tcp connection. False: the connection broke. */
bool raw_send_request(int peer, const void *frame, size_t frame_bytes);

/* Sends all the bytes, waiting at most a while. False: the connection broke. */
bool raw_send(int peer, const void *bytes, size_t length);

/* Reads and drops until the other side closes; false: it did not within a while. */
bool raw_await_close(int peer);

/* Closes a tcp connection by FIN, then RST. */
void raw_reset(int peer);

#endif
