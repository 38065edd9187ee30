/* Where the service is. */
#ifndef PRG_ADDRESS_H
#define PRG_ADDRESS_H

#include <prg/prg.h>

/* The address to use: `url`, or if that is NULL or empty the default, as prg_open says. A new string in *ret_url; the
 * caller frees it. PRG_INVALID_ARGUMENT: not an address; PRG_RESOURCE_EXHAUSTED. Fills the thread's error. */
enum prg_code address_choose(const char *url, char **ret_url);

#endif
