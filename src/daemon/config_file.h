/* The file of --config: lines "name = value" with the options' names, comments from '#', lists by repetition. */
#ifndef DAEMON_CONFIG_FILE_H
#define DAEMON_CONFIG_FILE_H

#include "base/err.h"

/* Takes one line's name and value. */
typedef enum err config_file_set(void *context, const char *name, const char *value, struct fault *fault);

/* Gives all lines to `set` in order. INVALID_ARGUMENT: a bad line or an error of `set`; the text begins with FILE:LINE.
 */
enum err config_file_read(const char *path, config_file_set *set, void *context, struct fault *fault) MUST_USE;

#endif
