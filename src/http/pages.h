/* The addresses at which the dashboard's own script shows something: its pages, as src/app/place.ts has them. */
#ifndef HTTP_PAGES_H
#define HTTP_PAGES_H

#include <stdbool.h>

/* Whether a path, still percent-encoded, is the address of a page, so that index.html answers it. */
bool pages_has(const char *path);

#endif
