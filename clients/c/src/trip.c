/* The frame around packed updates is written around them in place: the fields of a message may come in any order, so
 * the long one goes last and is not copied. */
#include "trip.h"

#include <progress/rpc/v1/rpc.pb-c.h>
#include <string.h>

#include "channel.h"
#include "error.h"
#include "steady.h"

enum {
	CALL_REQUEST_TAG = 2 << 3 | 2,
	OMIT_TAG = 2 << 3,
	OMIT_BYTES = 2,
	VARINT_BYTES_MAX = 10,
};

static char method[] = "/progress.v1.ProgressTrackerService/BatchUpdateProgress";

static uint32_t remaining_ms(int64_t deadline_ms)
{
	if (deadline_ms == STEADY_NEVER)
		return 0;
	int64_t left_ms = deadline_ms - steady_now_ms();
	return left_ms < 1 ? 1 : left_ms > INT32_MAX ? INT32_MAX : (uint32_t)left_ms;
}

static size_t put_varint(uint8_t *out, size_t number)
{
	size_t length = 0;
	for (; number > 0x7f; number >>= 7)
		out[length++] = (uint8_t)(number | 0x80);
	out[length++] = (uint8_t)number;
	return length;
}

uint8_t *trip_start(struct trip *trip, struct link *link, const struct prg_client *client, size_t bytes,
                    bool omits_info, int64_t deadline_ms)
{
	Progress__Rpc__V1__Call frame = PROGRESS__RPC__V1__CALL__INIT;
	frame.method = method;
	frame.timeout_ms = remaining_ms(deadline_ms);
	if (client->authorization != NULL)
		frame.authorization = client->authorization;
	uint8_t head[1 + VARINT_BYTES_MAX] = {CALL_REQUEST_TAG};
	size_t request_bytes = bytes + (omits_info ? OMIT_BYTES : 0);
	size_t head_bytes = 1 + put_varint(head + 1, request_bytes);
	size_t frame_bytes = progress__rpc__v1__call__get_packed_size(&frame);
	trip->number = UINT32_C(0x80000000) | (trip->number + 1); /* the highest bit: no more numbers follow */
	uint8_t *place = link_put(link, trip->number, frame_bytes + head_bytes + request_bytes);
	if (place == NULL)
		return NULL;
	trip->is_out = true;
	place += progress__rpc__v1__call__pack(&frame, place);
	memcpy(place, head, head_bytes);
	place += head_bytes;
	if (omits_info) {
		*place++ = OMIT_TAG;
		*place++ = 1;
	}
	return place;
}

static enum prg_code bad_answer(void)
{
	return error_set(PRG_INTERNAL, "BAD_REPLY", "BatchUpdateProgress was answered by something else: not a progressd?");
}

static enum prg_code open_reply(const Progress__Rpc__V1__Reply *reply, size_t count, struct trip_answer *ret_answer)
{
	if (reply->code != PRG_OK)
		return error_set(channel_known_code(reply->code), reply->reason, "%s", reply->message);
	Progress__V1__BatchUpdateProgressResponse *response =
	    progress__v1__batch_update_progress_response__unpack(NULL, reply->response.len, reply->response.data);
	if (response == NULL || response->n_results != count) {
		if (response != NULL)
			progress__v1__batch_update_progress_response__free_unpacked(response, NULL);
		return bad_answer();
	}
	ret_answer->durability = (enum prg_durability)reply->durability;
	ret_answer->response = response;
	return PRG_OK;
}

void trip_open(const uint8_t *bytes, size_t length, size_t count, struct trip_answer *ret_answer)
{
	Progress__Rpc__V1__Reply *reply = progress__rpc__v1__reply__unpack(NULL, length, bytes);
	*ret_answer = (struct trip_answer){0};
	error_clear();
	ret_answer->code = reply != NULL ? open_reply(reply, count, ret_answer) : bad_answer();
	if (reply != NULL)
		progress__rpc__v1__reply__free_unpacked(reply, NULL);
}
