/* The frame around packed updates is written around them in place: the fields of a message may come in any order, so
 * the long one goes last and is not copied. */
#include "trip.h"

#include <progress/rpc/v1/rpc.pb-c.h>
#include <progress/v1/progress_service.pb-c.h>

#include "channel.h"
#include "error.h"
#include "field.h"
#include "server.h"
#include "steady.h"

static char batch_method[] = "/progress.v1.ProgressTrackerService/BatchUpdateProgress";
static char server_method[] = "/progress.v1.ProgressTrackerService/GetServerInfo";

static uint32_t remaining_ms(int64_t deadline_ms)
{
	if (deadline_ms == STEADY_NEVER)
		return 0;
	int64_t left_ms = deadline_ms - steady_now_ms();
	return left_ms < 1 ? 1 : left_ms > INT32_MAX ? INT32_MAX : (uint32_t)left_ms;
}

static Progress__Rpc__V1__Call make_frame(const struct prg_client *client, char *method, int64_t deadline_ms)
{
	Progress__Rpc__V1__Call frame = PROGRESS__RPC__V1__CALL__INIT;
	frame.method = method;
	frame.timeout_ms = remaining_ms(deadline_ms);
	if (client->authorization != NULL)
		frame.authorization = client->authorization;
	return frame;
}

/* Room on the link for a message of that many bytes, which is on its way then. NULL: no memory. */
static uint8_t *put(struct trip *trip, struct link *link, size_t bytes)
{
	trip->number = UINT32_C(0x80000000) | (trip->number + 1); /* the highest bit: no more numbers follow */
	uint8_t *place = link_put(link, trip->number, bytes);
	trip->is_out = place != NULL;
	return place;
}

uint8_t *trip_start(struct trip *trip, struct link *link, const struct prg_client *client, size_t bytes,
                    bool omits_info, int64_t deadline_ms)
{
	Progress__Rpc__V1__Call frame = make_frame(client, batch_method, deadline_ms);
	Progress__V1__BatchUpdateProgressRequest rest = PROGRESS__V1__BATCH_UPDATE_PROGRESS_REQUEST__INIT;
	rest.omit_progress_info = omits_info;
	unsigned request = field_number(&progress__rpc__v1__call__descriptor, "request");
	size_t request_bytes = progress__v1__batch_update_progress_request__get_packed_size(&rest) + bytes;
	size_t frame_bytes = progress__rpc__v1__call__get_packed_size(&frame) + field_head_bytes(request, request_bytes);
	uint8_t *place = put(trip, link, frame_bytes + request_bytes);
	if (place == NULL)
		return NULL;
	place += progress__rpc__v1__call__pack(&frame, place);
	place = field_put_head(place, request, request_bytes);
	place += progress__v1__batch_update_progress_request__pack(&rest, place);
	return place;
}

bool trip_ask_server(struct trip *trip, struct link *link, const struct prg_client *client)
{
	Progress__Rpc__V1__Call frame = make_frame(client, server_method, STEADY_NEVER); /* the request is empty */
	uint8_t *place = put(trip, link, progress__rpc__v1__call__get_packed_size(&frame));
	if (place == NULL)
		return false;
	progress__rpc__v1__call__pack(&frame, place);
	link_flush(link);
	return true;
}

static enum prg_code bad_answer(void)
{
	return error_set(PRG_INTERNAL, "BAD_REPLY",
	                 "an asynchronous update was answered by something else: not a progressd?");
}

static enum prg_code open_server(const Progress__Rpc__V1__Reply *reply, struct prg_client *client)
{
	if (reply->code != PRG_OK)
		return error_set(channel_known_code(reply->code), reply->reason, "%s", reply->message);
	Progress__V1__GetServerInfoResponse *info =
	    progress__v1__get_server_info_response__unpack(NULL, reply->response.len, reply->response.data);
	if (info == NULL)
		return bad_answer();
	enum prg_code code = server_take(client, info);
	progress__v1__get_server_info_response__free_unpacked(info, NULL);
	return code;
}

enum prg_code trip_open_server(const uint8_t *bytes, size_t length, struct prg_client *client)
{
	Progress__Rpc__V1__Reply *reply = progress__rpc__v1__reply__unpack(NULL, length, bytes);
	error_clear();
	enum prg_code code = reply != NULL ? open_server(reply, client) : bad_answer();
	if (reply != NULL)
		progress__rpc__v1__reply__free_unpacked(reply, NULL);
	return code;
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
