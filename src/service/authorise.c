/* A request about one job names it in its field job_id; a batch holds such requests. */
#include "service/authorise.h"

#include <assert.h>
#include <progress/v1/progress_service.pb-c.h>
#include <string.h>

#include "base/clock.h"
#include "service/answer.h"
#include "wire/method.h"

static const char *const scope_names[] = {[AUTH_READ] = "read", [AUTH_REPORT] = "report", [AUTH_ADMIN] = "admin"};

_Static_assert((int)AUTH_READ == PROGRESS__V1__SCOPE__SCOPE_READ, "scopes are those of the schema");
_Static_assert((int)AUTH_REPORT == PROGRESS__V1__SCOPE__SCOPE_REPORT, "scopes are those of the schema");
_Static_assert((int)AUTH_ADMIN == PROGRESS__V1__SCOPE__SCOPE_ADMIN, "scopes are those of the schema");
_Static_assert((int)AUTH_ANY == PROGRESS__V1__SCOPE__SCOPE_ANY, "scopes are those of the schema");

bool authorise_caller(struct auth *auth, struct call *call, const struct method *method, struct auth_grant *ret_grant)
{
	enum auth_scope scope = (enum auth_scope)method->scope;
	if (auth_find(auth, call->authorization, clock_wall_ms(), ret_grant, &call->fault) != ERR_OK)
		return false;
	if (auth_allows(ret_grant, scope))
		return true;
	fault_set(&call->fault, ERR_PERMISSION_DENIED, "SCOPE_MISSING", "%s needs a token with the scope %s",
	          strrchr(method->name, '/') + 1, scope_names[scope]);
	return false;
}

static bool deny_job(struct call *call, const char *job_id)
{
	fault_set(&call->fault, ERR_PERMISSION_DENIED, "JOB_NOT_ALLOWED", "the token is not good for the job \"%.128s\"",
	          job_id);
	return false;
}

/* NULL: it names no job. */
static const char *job_id_of(const ProtobufCMessage *request)
{
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "job_id");
	if (field == NULL)
		return NULL;
	const char *job_id;
	memcpy(&job_id, (const char *)request + field->offset, sizeof job_id);
	return job_id;
}

static bool check_batch(struct call *call, const Progress__V1__BatchUpdateProgressRequest *request)
{
	for (size_t i = 0; i < request->n_updates; i++) {
		const Progress__V1__BatchUpdate *update = request->updates[i];
		/* All members of the oneof are messages, and lie in the same place. */
		const char *job_id =
		    update->update_case != 0 ? job_id_of((const ProtobufCMessage *)update->update_progress) : NULL;
		if (job_id != NULL && !auth_covers(call->grant, job_id))
			return deny_job(call, job_id);
	}
	return true;
}

bool authorise_request(struct call *call, const ProtobufCMessage *request)
{
	if (request->descriptor == &progress__v1__batch_update_progress_request__descriptor)
		return check_batch(call, (const Progress__V1__BatchUpdateProgressRequest *)request);
	/* What is learned comes from other jobs. */
	bool is_about_many = request->descriptor == &progress__v1__get_pipeline_stats_request__descriptor;
	if (is_about_many && call->grant->is_one_job) {
		fault_set(&call->fault, ERR_PERMISSION_DENIED, "JOB_NOT_ALLOWED", "the token is good for the job %s only",
		          call->grant->jobs);
		return false;
	}
	const char *job_id = job_id_of(request);
	return job_id == NULL || auth_covers(call->grant, job_id) || deny_job(call, job_id);
}

static bool covers_all_ids(struct call *call, const struct feed_filter *filter)
{
	for (size_t i = 0; i < filter->job_id_count; i++)
		if (!auth_covers(call->grant, filter->job_ids[i]))
			return deny_job(call, filter->job_ids[i]);
	return true;
}

bool authorise_filter(struct call *call, struct feed_filter *filter)
{
	const struct auth_grant *grant = call->grant;
	const char *prefix = filter->job_id_prefix != NULL ? filter->job_id_prefix : "";
	if (grant == NULL || filter->job_id_count > 0)
		return grant == NULL || covers_all_ids(call, filter);
	if (!grant->is_one_job && strncmp(prefix, grant->jobs, strlen(grant->jobs)) == 0)
		return true;
	if (grant->is_one_job || strncmp(prefix, grant->jobs, strlen(prefix)) != 0) {
		fault_set(&call->fault, ERR_PERMISSION_DENIED, "JOB_NOT_ALLOWED", "the token is good for %s%s only; name it",
		          grant->is_one_job ? "the job " : "jobs whose names begin with ", grant->jobs);
		return false;
	}
	filter->job_id_prefix = arena_copy_string(call->arena, grant->jobs);
	return filter->job_id_prefix != NULL || answer_set_full(&call->fault) == ERR_OK;
}
