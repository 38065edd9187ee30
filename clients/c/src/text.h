/* Strings on their way between the caller and the generated structs. */
#ifndef PRG_TEXT_H
#define PRG_TEXT_H

#include <stdint.h>
#include <string.h>

/* The generated structs have no const; packing them changes nothing. NULL becomes the empty string. */
static inline char *text_lend(const char *string)
{
	static char empty[1];
	return string != NULL ? (char *)(uintptr_t)string : empty;
}

/* Copies the string to *place, which moves on behind it; returns the copy. */
static inline const char *text_put(char **place, const char *string)
{
	char *copy = *place;
	*place = stpcpy(copy, string) + 1;
	return copy;
}

#endif
