/* GetServerInfo: who answers. */
#include "service/answer.h"
#include "service/instance.h"
#include "service/rpc.h"
#include "wire/info.h"

RPC_METHOD(get_server_info, GetServerInfo)
{
	static char name[] = "progressd", version[] = PROGRESS_VERSION;
	const struct service *service = service_of(methods);
	struct call *call = closure_data;
	Progress__V1__GetServerInfoResponse response = PROGRESS__V1__GET_SERVER_INFO_RESPONSE__INIT;
	response.name = name;
	response.version = version;
	response.store = arena_copy_string(call->arena, service->store->class->kind);
	response.start_time = info_build_timestamp(service->started_ms, call->arena);
	bool is_whole = response.store != NULL && response.start_time != NULL;
	answer_message(call, (ProtobufCClosure)closure, is_whole ? &response.base : NULL);
}
