/* Which keys lie together in a cluster. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/redis_cluster.h"

enum { CRC_POLYNOMIAL = 0x1021, SLOTS_OF_LANE = REDIS_SLOTS / REDIS_LANES_MAX };

/* CRC-16/XMODEM. */
static unsigned crc16(const char *bytes, size_t length)
{
	unsigned crc = 0;
	for (size_t i = 0; i < length; i++) {
		crc ^= (unsigned)(unsigned char)bytes[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 0x8000) != 0 ? (crc << 1 ^ CRC_POLYNOMIAL) & 0xffff : crc << 1 & 0xffff;
	}
	return crc;
}

int redis_slot_of(const char *key)
{
	const char *open = strchr(key, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
	if (close != NULL && close > open + 1)
		return (int)(crc16(open + 1, (size_t)(close - open - 1)) % REDIS_SLOTS);
	return (int)(crc16(key, strlen(key)) % REDIS_SLOTS);
}

int redis_lane_of(const char *name)
{
	return redis_slot_of(name) / SLOTS_OF_LANE;
}

int redis_slot_of_lane(int lane)
{
	char name[8];
	assert(lane >= 0 && lane < REDIS_LANES_MAX);
	snprintf(name, sizeof name, "%x", (unsigned)lane);
	return redis_slot_of(name);
}

void redis_lane_key(const struct redis_address *address, const char *name, int lane, const char *rest,
                    char ret_key[REDIS_KEY_BYTES])
{
	snprintf(ret_key, REDIS_KEY_BYTES, "%s%s{%x}%s%s", address->prefix, name, (unsigned)lane, *rest != '\0' ? ":" : "",
	         rest);
}

void redis_lane_prefix(const struct redis_address *address, const char *name, int lane,
                       char ret_prefix[REDIS_KEY_BYTES])
{
	snprintf(ret_prefix, REDIS_KEY_BYTES, "%s%s{%x}:", address->prefix, name, (unsigned)lane);
}

int redis_lane_of_channel(const char *channel)
{
	const char *open = strchr(channel, '{');
	char *end = NULL;
	long lane = open != NULL ? strtol(open + 1, &end, 16) : -1;
	return open != NULL && *end == '}' && lane >= 0 && lane < REDIS_LANES_MAX ? (int)lane : -1;
}
