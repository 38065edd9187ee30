/* A batch on its way to the service and back: what its message looks like, and what its answer says. */
#ifndef PRG_TRIP_H
#define PRG_TRIP_H

#include "client.h"
#include "link.h"

struct trip {
	uint32_t number; /* of the request */
	bool is_out;     /* sent, and not answered yet */
};

/* Asks the service who it is. False: no memory; nothing is on its way. */
bool trip_ask_server(struct trip *trip, struct link *link, const struct prg_client *client);

/* Opens the answer to that; fills the thread's error. What server_take says, or why it was not answered. */
enum prg_code trip_open_server(const uint8_t *bytes, size_t length, struct prg_client *client);

/* What the service has said to a batch. */
struct trip_answer {
	enum prg_code code; /* of the call; the error is the thread's */
	enum prg_durability durability;
	Progress__V1__BatchUpdateProgressResponse *response; /* NULL unless code is PRG_OK */
};

/* Puts a batch on the link, with room for `bytes` of packed updates, to be filled at once; `deadline_ms` is the last
 * one of them. NULL: no memory; it is not on its way. */
uint8_t *trip_start(struct trip *trip, struct link *link, const struct prg_client *client, size_t bytes,
                    bool omits_info, int64_t deadline_ms);

/* Opens the answer and checks that it has `count` results; fills the thread's error. */
void trip_open(const uint8_t *bytes, size_t length, size_t count, struct trip_answer *ret_answer);

#endif
