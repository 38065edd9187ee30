/* What the calling thread's last call came to: filled by whoever notices, read by prg_error and its kin. */
#ifndef PRG_ERROR_H
#define PRG_ERROR_H

#include <prg/prg.h>

/* Forgets the thread's last error: a call begins. */
void error_clear(void);

/* Keeps code, reason and text for the calling thread and returns the code. NULL reason: none. A text that does not fit
 * is cut. */
enum prg_code error_set(enum prg_code code, const char *reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The code that error_set kept; PRG_OK after error_clear. */
enum prg_code error_code(void);

/* No memory, as an error. */
enum prg_code error_no_memory(void);

#endif
