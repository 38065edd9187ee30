/* The note: a version, the boot, how far ahead. Numbers are little-endian. */
#include "service/pace_clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, NOTE_BYTES = 17 };

static const char key[] = "clock";

static void put_number(uint8_t *out, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t get_number(const uint8_t *in)
{
	uint64_t number = 0;
	for (int i = 0; i < 8; i++)
		number |= (uint64_t)in[i] << (8 * i);
	return number;
}

static bool is_of_this_boot(const struct store_note *note, uint64_t boot_key)
{
	return boot_key != 0 && note->length == NOTE_BYTES && note->bytes[0] == VERSION &&
	       get_number(note->bytes + 1) == boot_key;
}

static enum err write_note(const struct pace_clock *clock, struct store *store, uint64_t boot_key, uint64_t revision,
                           struct fault *fault)
{
	uint8_t bytes[NOTE_BYTES] = {VERSION};
	bool is_conflict;
	put_number(bytes + 1, boot_key);
	put_number(bytes + 9, (uint64_t)clock->ahead_ms);
	return store_put_note(store, key, revision, bytes, sizeof bytes, &is_conflict, fault);
}

enum err pace_clock_start(struct pace_clock *clock, struct store *store, uint64_t boot_key, double seen_s,
                          struct moment now, struct fault *fault)
{
	struct store_note note = {0};
	int64_t seen_ms = (int64_t)ceil(seen_s * 1000);
	clock->ahead_ms = now.wall_ms - now.steady_ms;
	enum err err = store->class->shares_notes ? ERR_OK : store_load_note(store, key, &note, fault);
	bool is_known = err == ERR_OK && is_of_this_boot(&note, boot_key);
	if (is_known)
		clock->ahead_ms = (int64_t)get_number(note.bytes + 9);
	else if (now.steady_ms + clock->ahead_ms < seen_ms)
		clock->ahead_ms = seen_ms - now.steady_ms;
	if (err == ERR_OK && !is_known && !store->class->shares_notes)
		err = write_note(clock, store, boot_key, note.revision, fault);
	free(note.bytes);
	return err;
}
