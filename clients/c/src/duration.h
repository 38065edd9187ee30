/* Seconds on their way into a request. */
#ifndef PRG_DURATION_H
#define PRG_DURATION_H

#include <prg/service.h>

/* Fills the message from seconds; negative ones become 0. PRG_INVALID_ARGUMENT with the field's name: no number, or
 * more than 1,000,000,000. Fills the thread's error. */
enum prg_code duration_fill(Google__Protobuf__Duration *duration, const char *field, double seconds);

/* The same from milliseconds that are not negative. */
void duration_fill_ms(Google__Protobuf__Duration *duration, int64_t ms);

/* In milliseconds; 0 for NULL. */
int64_t duration_ms(const Google__Protobuf__Duration *duration);

#endif
