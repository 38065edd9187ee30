/* Walks from the methods to all that they carry. */
#include "conformance/types.h"

#include <assert.h>
#include <every_kind.pb-c.h>
#include <progress/rpc/v1/rpc.pb-c.h>
#include <progress/store/v1/record.pb-c.h>
#include <string.h>

#include "wire/json_name.h"
#include "wire/method.h"

static void collect(struct types *types, const ProtobufCMessageDescriptor *type, bool is_entry)
{
	if (types_find(types, type->name) != NULL)
		return;
	if (!is_entry) {
		assert(types->count < TYPES_MAX);
		types->at[types->count++] = type;
	}
	for (unsigned i = 0; i < type->n_fields; i++)
		if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			collect(types, type->fields[i].descriptor, json_is_map(type, &type->fields[i]));
}

void types_collect(struct types *types)
{
	types->count = 0;
	const struct method *method;
	for (size_t i = 0; (method = method_at(i)) != NULL; i++) {
		collect(types, method->input, false);
		collect(types, method->output, false);
	}
	collect(types, &progress__rpc__v1__call__descriptor, false);
	collect(types, &progress__rpc__v1__reply__descriptor, false);
	collect(types, &progress__store__v1__job_record__descriptor, false);
	collect(types, &every_kind__root__descriptor, false);
}

const ProtobufCMessageDescriptor *types_find(const struct types *types, const char *name)
{
	for (size_t i = 0; i < types->count; i++)
		if (strcmp(types->at[i]->name, name) == 0)
			return types->at[i];
	return NULL;
}
