/* All message types that anybody may meet: those of the methods, of the frames, of the store, and of every kind. */
#ifndef TESTS_CONFORMANCE_TYPES_H
#define TESTS_CONFORMANCE_TYPES_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

enum { TYPES_MAX = 256 };

struct types {
	const ProtobufCMessageDescriptor *at[TYPES_MAX];
	size_t count;
};

/* Every type that the roots reach, each once, without the entries of maps. */
void types_collect(struct types *types);

/* The type of that full name, "progress.v1.ProgressInfo", or NULL. */
const ProtobufCMessageDescriptor *types_find(const struct types *types, const char *name);

#endif
