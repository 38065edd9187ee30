/* Decides what an event of a change says. */
#include "wire/event.h"

enum err event_seal(Progress__V1__ProgressInfo *info, uint64_t previous_revision, Progress__V1__EventKind kind,
                    struct arena *arena, struct wire_bytes *ret_bytes, struct fault *fault)
{
	Progress__V1__ProgressEvent event;
	progress__v1__progress_event__init(&event);
	event.progress_info = info;
	event.previous_revision = previous_revision;
	event.kind = kind;
	return wire_seal(&event.base, arena, ret_bytes, fault);
}
