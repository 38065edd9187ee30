/* The update that reporters send. */
#ifndef PRG_UPDATE_H
#define PRG_UPDATE_H

#include <prg/prg.h>
#include <stdint.h>

/* As prg_update_progress_incremental, but has to end at that moment (steady.h). */
enum prg_code update_incremental(struct prg_client *client, const char *job_id, enum prg_stage stage, double done,
                                 double total, const struct prg_update *update, int64_t deadline_ms,
                                 struct prg_progress **ret_progress);

#endif
