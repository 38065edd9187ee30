/* Values of options: how they are read from text and kept. INVALID_ARGUMENT: the fault's text says what is allowed. */
#ifndef DAEMON_CONFIG_VALUES_H
#define DAEMON_CONFIG_VALUES_H

#include "daemon/config.h"

/* Sets the fault: there is no memory. */
enum err config_no_memory(struct fault *fault);

/* Replaces the owned text by a copy of the value. */
enum err config_set_text(char **text, const char *value, struct fault *fault) MUST_USE;

/* Adds a copy of the value to the list. */
enum err config_add_text(struct config_urls *list, const char *url, struct fault *fault) MUST_USE;

enum err config_read_number(const char *value, long long least, long long most, long long *ret_number,
                            struct fault *fault) MUST_USE;

/* The same for a size of at least 1. */
enum err config_set_size(size_t *size, const char *value, long long most, struct fault *fault) MUST_USE;

/* The place of the value among the words, which NULL closes. */
enum err config_read_word(const char *value, const char *const *words, int *ret_place, struct fault *fault) MUST_USE;

#endif
