/* The channel below the generated stubs: a request goes out as a Call, its Reply comes back to the closure. */
#ifndef PRG_CHANNEL_H
#define PRG_CHANNEL_H

#include <prg/service.h>
#include <stdbool.h>
#include <stdint.h>

/* Makes the client's service ready for the stubs. */
void channel_init(ProtobufCService *service);

/* The calling thread's next call has to end at that moment (steady.h), not after the client's time. */
void channel_use_deadline(int64_t deadline_ms);

/* What the calling thread's last successful call is worth. */
enum prg_durability channel_durability(void);

/* Whether the calling thread's last call was sent more than once, so that an earlier one may have been carried out. */
bool channel_was_repeated(void);

/* The code as this library knows it. */
enum prg_code channel_known_code(int32_t code);

#endif
