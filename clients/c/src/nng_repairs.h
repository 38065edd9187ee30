/* What has to be done before NNG is used for the first time. */
#ifndef PRG_NNG_REPAIRS_H
#define PRG_NNG_REPAIRS_H

#include <stdbool.h>

/* False: no memory; NNG must not be used. Safe for any thread, any number of times. */
bool nng_repairs_ready(void);

#endif
