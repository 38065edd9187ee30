/* From the name of a stage, as people write it, to its number. */
#ifndef CLI_STAGE_NAME_H
#define CLI_STAGE_NAME_H

#include <prg/prg.h>

/* Finds the stage of that name in any case; one that this program does not know is asked for at the service, which may
 * be newer. On an error the thread's error is not set: *ret_text, to be freed, tells it; PRG_INVALID_ARGUMENT: there is
 * no such stage. */
enum prg_code stage_name_find(struct prg_client *client, const char *name, enum prg_stage *ret_stage, char **ret_text);

/* The same for commands: the error is written. Returns the exit status, EXIT_DONE on success. */
int stage_name_require(struct prg_client *client, const char *name, enum prg_stage *ret_stage);

#endif
