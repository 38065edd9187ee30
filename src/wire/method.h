/* The methods of the service as the schema has them, from a generated table: what goes in, what comes out. */
#ifndef WIRE_METHOD_H
#define WIRE_METHOD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct method {
	const char *name; /* "/progress.v1.ProgressTrackerService/GetProgress" */
	const ProtobufCMessageDescriptor *input;
	const ProtobufCMessageDescriptor *output;
	bool is_streaming; /* answers with a stream of outputs; no method takes a stream of inputs */
	int scope;         /* number of progress.v1.Scope that a caller's token needs */
};

/* The method with that full name, or NULL. */
const struct method *method_find(const char *name);

/* The method at a place, in the order of the schema, or NULL beyond the last one. */
const struct method *method_at(size_t place);

#endif
