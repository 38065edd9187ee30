/* A job as the first front ends know it: one flat object, the job's metadata beside the fixed members. */
#ifndef HTTP_STATUS_JSON_H
#define HTTP_STATUS_JSON_H

#include <stdbool.h>

#include "base/buffer.h"
#include "wire/open.h"

/* Appends the job of a serialized GetProgressResponse (or any answer with progress_info as field 1). A metadata entry
 * with the name of a fixed member is left out. False: the bytes are no such message; `out` is as it was. */
bool status_json_write(struct wire_bytes answer, struct buffer *out);

#endif
