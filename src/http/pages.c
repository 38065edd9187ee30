/* Everything else without a file is nothing, so that a mistyped path of the API is never answered by a page. */
#include "http/pages.h"

#include <stddef.h>
#include <string.h>

#define JOB_PAGE "/jobs/"

/* One part that is not empty, and nothing that a reader could take for another folder. */
static bool is_one_part(const char *part)
{
	return *part != '\0' && strchr(part, '/') == NULL && strchr(part, '\\') == NULL && strcmp(part, ".") != 0 &&
	       strcmp(part, "..") != 0;
}

bool pages_has(const char *path)
{
	static const char *const pages[] = {"/", "/history", "/overview"};
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (strcmp(path, pages[i]) == 0)
			return true;
	return strncmp(path, JOB_PAGE, strlen(JOB_PAGE)) == 0 && is_one_part(path + strlen(JOB_PAGE));
}
