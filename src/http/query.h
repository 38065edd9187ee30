/* Percent-encoded text of a URL, undone strictly. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* The text with each %XX as its byte, in the arena. INVALID_ARGUMENT: a % without two hexadecimal digits, or the bytes
 * are no clean UTF-8 (text_is_clean); `what` names the text for people. RESOURCE_EXHAUSTED: the arena is full. */
enum err query_decode(const char *text, size_t length, const char *what, struct arena *arena, const char **ret_text,
                      struct fault *fault) MUST_USE;

#endif
