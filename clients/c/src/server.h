/* Who the service is: asked at first use, because a client and a service of different major versions would
 * misunderstand each other. */
#ifndef PRG_SERVER_H
#define PRG_SERVER_H

#include <progress/v1/progress_service.pb-c.h>

#include "client.h"

/* Whether it was asked already, and fits. */
bool server_is_known(struct prg_client *client);

/* Asks the service unless it is known; gives up at the moment (steady.h). PRG_FAILED_PRECONDITION, reason
 * INCOMPATIBLE_VERSION: its major version is another one; it is asked again by the next call. Others: it could not be
 * asked. Fills the thread's error. */
enum prg_code server_check(struct prg_client *client, int64_t deadline_ms);

/* The same by an answer that has come in another way. */
enum prg_code server_take(struct prg_client *client, const Progress__V1__GetServerInfoResponse *info);

#endif
