/* The shared part of the updates. */
#include "service/update.h"

#include "service/answer.h"
#include "service/check.h"

bool update_check(struct call *call, const struct update_fields *fields, struct job_update *update)
{
	update->message = fields->message;
	update->metadata_count = fields->metadata_count;
	update->attempt = fields->attempt;
	update->origin = fields->origin;
	return check_job_id(call, fields->job_id) && check_text(call, "message", fields->message) &&
	       check_metadata(call, fields->metadata, fields->metadata_count, &update->metadata) &&
	       check_origin(call, &fields->origin) && check_lease(call, fields->lease, &update->lease_ms);
}

void update_submit(Progress__V1__ProgressTrackerService_Service *methods, struct call *call, bool is_checked,
                   const char *job_id, const struct job_update *update)
{
	if (!is_checked) {
		answer_fault(call);
		return;
	}
	struct command *command = command_create(call, COMMAND_UPDATE, job_id, answer_outcome);
	if (command == NULL)
		return;
	command->update = *update;
	service_submit(methods, command);
}
