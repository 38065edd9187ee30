/* The generated table against the descriptor of the service. */
#include "wire/method.h"

#include <criterion/criterion.h>
#include <progress/v1/progress_service.pb-c.h>
#include <stdio.h>
#include <string.h>

Test(method_find, finds_every_method_of_the_service_with_its_types)
{
	const ProtobufCServiceDescriptor *service = &progress__v1__progress_tracker_service__descriptor;
	for (unsigned i = 0; i < service->n_methods; i++) {
		char name[200];
		snprintf(name, sizeof name, "/%s/%s", service->name, service->methods[i].name);
		const struct method *method = method_find(name);
		cr_assert_not_null(method, "%s", name);
		cr_assert_eq(method, method_at(i));
		cr_assert_eq(method->input, service->methods[i].input);
		cr_assert_eq(method->output, service->methods[i].output);
		cr_assert_eq(method->is_streaming, strncmp(service->methods[i].name, "Watch", 5) == 0, "%s", name);
	}
	cr_assert_null(method_at(service->n_methods));
}

Test(method_find, finds_nothing_else)
{
	static const char *const names[] = {"",
	                                    "/",
	                                    "GetProgress",
	                                    "/progress.v1.ProgressTrackerService/",
	                                    "/progress.v1.ProgressTrackerService/getProgress",
	                                    "/progress.v1.ProgressTrackerService/GetProgress/",
	                                    "progress.v1.ProgressTrackerService/GetProgress"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		cr_assert_null(method_find(names[i]));
}
