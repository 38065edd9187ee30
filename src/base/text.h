/* What strings from outside may look like. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes are well-formed UTF-8 (no surrogates, no overlong forms, nothing above U+10FFFF) without control
 * characters (U+0000 to U+001F, U+007F to U+009F). */
bool text_is_clean(const void *bytes, size_t length);

/* Whether the string is a name as jobs, pipelines and parents have it: [A-Za-z0-9][A-Za-z0-9._:-]{0,127}. */
bool text_is_name(const char *string);

/* Whether the string is a metadata key: [A-Za-z0-9_.-]{1,64}. */
bool text_is_key(const char *string);

/* Length of the longest prefix of at most `length` bytes that does not cut a UTF-8 character. */
size_t text_whole_characters(const char *string, size_t length);

#endif
