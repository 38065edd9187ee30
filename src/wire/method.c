/* The table, as script/generate made it from the schema. */
#include "wire/method.h"

#include <progress/v1/progress_service.pb-c.h>
#include <progress/v1/scopes.pb-c.h>
#include <string.h>

static const struct method methods[] = {
#define METHOD(name, input, output, is_streaming, scope)                                                               \
	{name, &input##__descriptor, &output##__descriptor, is_streaming, PROGRESS__V1__SCOPE__SCOPE_##scope},
#include <progress/v1/methods.inc>
#undef METHOD
};

const struct method *method_at(size_t place)
{
	return place < sizeof methods / sizeof *methods ? &methods[place] : NULL;
}

const struct method *method_find(const char *name)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}
