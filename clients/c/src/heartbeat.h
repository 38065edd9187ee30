/* The sign of life that reporters send. */
#ifndef PRG_HEARTBEAT_H
#define PRG_HEARTBEAT_H

#include <prg/prg.h>
#include <stdint.h>

/* As prg_heartbeat with the lease as it is, but of that attempt (0: the present one), and has to end at that moment
 * (steady.h). */
enum prg_code heartbeat_send(struct prg_client *client, const char *job_id, uint32_t attempt, int64_t deadline_ms,
                             struct prg_progress **ret_progress);

#endif
