/* GET of everything else: the files of the dashboard, or a page that says what this is. */
#ifndef HTTP_FILES_H
#define HTTP_FILES_H

#include "http/exchange.h"

struct files;

/* The files of a folder. INVALID_ARGUMENT: it is none, or cannot be read. */
enum err files_open(const char *folder, struct files **ret_files, struct fault *fault) MUST_USE;

/* Accepts NULL. */
void files_close(struct files *files);

void files_serve(struct exchange *exchange);

/* The name of the file within the folder for a path that is still percent-encoded: each part has letters, digits and
 * "._-", and does not begin with a dot; "/" is index.html. Borrowed from the path. NULL: no file can be meant. */
const char *files_name(const char *path);

/* The media type by the name's ending. */
const char *files_type(const char *name);

#endif
