/* What a client proves itself with. */
#ifndef PRG_TOKEN_H
#define PRG_TOKEN_H

#include <prg/prg.h>

/* The options' authorization, else "Bearer " and the token in the options' file, in $PRG_TOKEN, or in the file
 * $PRG_TOKEN_FILE; NULL: there is none. The caller frees it. PRG_INVALID_ARGUMENT: a file cannot be read, or what was
 * found is no token; the error quotes nothing of it. */
enum prg_code token_choose(const struct prg_options *options, char **ret_authorization);

#endif
