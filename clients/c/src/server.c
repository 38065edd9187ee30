/* The major version is what stands before the first dot. */
#include "server.h"

#include <string.h>

#include "channel.h"
#include "error.h"

bool server_is_known(struct prg_client *client)
{
	return atomic_load_explicit(&client->knows_server, memory_order_acquire);
}

static bool is_same_major(const char *a, const char *b)
{
	size_t length = strcspn(a, ".");
	return length == strcspn(b, ".") && strncmp(a, b, length) == 0;
}

enum prg_code server_take(struct prg_client *client, const Progress__V1__GetServerInfoResponse *info)
{
	if (!is_same_major(info->version, PRG_VERSION))
		return error_set(PRG_FAILED_PRECONDITION, "INCOMPATIBLE_VERSION",
		                 "the server is %s %s, this is libprg %s: their major versions must be the same", info->name,
		                 info->version, PRG_VERSION);
	atomic_store_explicit(&client->knows_server, true, memory_order_release);
	return PRG_OK;
}

static void take_answer(const Progress__V1__GetServerInfoResponse *info, void *context)
{
	if (info != NULL)
		server_take(context, info);
}

enum prg_code server_check(struct prg_client *client, int64_t deadline_ms)
{
	if (server_is_known(client))
		return PRG_OK;
	Progress__V1__GetServerInfoRequest request = PROGRESS__V1__GET_SERVER_INFO_REQUEST__INIT;
	channel_use_deadline(deadline_ms);
	progress__v1__progress_tracker_service__get_server_info(&client->service, &request, take_answer, client);
	return error_code();
}
