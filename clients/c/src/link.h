/*
 * A connection to the service for one thread that waits by poll: the scalability protocol's REQ over a unix or a TCP
 * socket, as docs/protocol.md has it. NNG takes three changes of thread for a call, which is most of what a small batch
 * costs; this takes none. Knows nothing of what the messages say.
 */
#ifndef PRG_LINK_H
#define PRG_LINK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_GREETING, LINK_UP };

struct link_buffer {
	uint8_t *bytes;
	size_t begin, end, room;
};

struct link {
	const char *url; /* ipc://PATH or tcp://HOST:PORT; borrowed */
	int fd;          /* -1: none */
	enum link_state state;
	struct link_buffer in, out;
};

/* Does not connect yet. */
void link_init(struct link *link, const char *url);

/* Begins to connect, when it is down. False: that is not possible now; it stays down. May wait for the name of a host.
 */
bool link_dial(struct link *link);

/* What to wait for; fd -1: nothing. */
struct pollfd link_poll(const struct link *link);

/* Moves on whatever the socket is ready for, without waiting. It may go down: then everything on its way is lost. */
void link_pump(struct link *link);

/* Sends as much of what was put as goes without waiting. When that fails, link_pump notices. */
void link_flush(struct link *link);

/* Room for a message of that many bytes, to be filled at once; it leaves by link_flush and link_pump. `number` comes
 * back with the answer; its highest bit must be set. When it is up only. NULL: no memory. */
uint8_t *link_put(struct link *link, uint32_t number, size_t bytes);

/* The next answer that has come in; borrowed until link_pump. False: none. */
bool link_take(struct link *link, uint32_t *ret_number, const uint8_t **ret_bytes, size_t *ret_length);

/* Closes the socket; everything on its way is lost. */
void link_drop(struct link *link);

/* The same, and frees all memory. */
void link_finish(struct link *link);

#endif
