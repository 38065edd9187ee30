/* The bounds of every field, each said once. */
#include "service/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "service/answer.h"

enum { QUOTED_BYTES_MAX = 40, LEASE_MAX_MS = 24 * 60 * 60 * 1000 };

bool check_refuse(struct call *call, const char *reason, const char *format, ...)
{
	char text[sizeof call->fault.text];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	fault_set(&call->fault, ERR_INVALID_ARGUMENT, reason, "%s", text);
	return false;
}

/* How many bytes of what came in are quoted: no character is cut, the text must stay UTF-8. */
static int quoted_bytes(const char *string)
{
	return (int)text_whole_characters(string, QUOTED_BYTES_MAX);
}

static const char *ellipsis(const char *string)
{
	return strlen(string) > QUOTED_BYTES_MAX ? "…" : "";
}

bool check_job_id(struct call *call, const char *job_id)
{
	if (*job_id == '\0')
		return check_refuse(call, "JOB_ID_INVALID",
		                    "job_id: must not be empty; allowed is [A-Za-z0-9][A-Za-z0-9._:-]{0,127}");
	return check_name(call, "job_id", job_id);
}

bool check_name(struct call *call, const char *field, const char *name)
{
	if (*name == '\0' || text_is_name(name))
		return true;
	const char *reason = strcmp(field, "job_id") == 0 ? "JOB_ID_INVALID" : "NAME_INVALID";
	return check_refuse(call, reason, "%s: \"%.*s%s\" is not allowed; allowed is [A-Za-z0-9][A-Za-z0-9._:-]{0,127}",
	                    field, quoted_bytes(name), name, ellipsis(name));
}

bool check_text(struct call *call, const char *field, const char *text)
{
	size_t length = strlen(text);
	if (length <= JOB_MESSAGE_BYTES_MAX)
		return true;
	return check_refuse(call, "TEXT_TOO_LONG", "%s: has %zu bytes; allowed are at most %d", field, length,
	                    JOB_MESSAGE_BYTES_MAX);
}

bool check_stage(struct call *call, int number, const struct stage **ret_stage)
{
	const struct stage *stage = stages_find(number);
	if (stage == NULL && number == STAGE_UNSPECIFIED)
		return check_refuse(call, "STAGE_INVALID", "stage: must be set; allowed are: %s", stages_status_list());
	if (stage == NULL)
		return check_refuse(call, "STAGE_INVALID", "stage: %d is no stage; allowed are: %s", number,
		                    stages_status_list());
	*ret_stage = stage;
	return true;
}

bool check_status(struct call *call, const char *status, const struct stage **ret_stage)
{
	const struct stage *stage = stages_find_status(status);
	if (stage == NULL)
		return check_refuse(call, "STATUS_INVALID", "status: \"%.*s%s\" is no stage; allowed are: %s",
		                    quoted_bytes(status), status, ellipsis(status), stages_status_list());
	*ret_stage = stage;
	return true;
}

bool check_is_no_end(struct call *call, const struct stage *stage)
{
	if (stage->ends_as == JOB_STATE_UNSPECIFIED)
		return true;
	return check_refuse(call, "STAGE_INVALID", "stage: %s ends the job and has no place inside it; use UpdateProgress",
	                    stage->status);
}

/* The string that a map entry has at the field, as protobuf-c lays it out. */
static char *entry_string(const ProtobufCMessage *entry, unsigned field)
{
	return *(char *const *)(const void *)((const char *)entry + entry->descriptor->fields[field].offset);
}

static bool check_entry(struct call *call, const struct job_entry *entry)
{
	if (!text_is_key(entry->key))
		return check_refuse(call, "METADATA_INVALID",
		                    "metadata: key \"%.*s%s\" is not allowed; allowed is [A-Za-z0-9_.-]{1,%d}",
		                    quoted_bytes(entry->key), entry->key, ellipsis(entry->key), JOB_METADATA_KEY_BYTES_MAX);
	if (strlen(entry->value) > JOB_METADATA_VALUE_BYTES_MAX)
		return check_refuse(call, "METADATA_INVALID",
		                    "metadata: the value of \"%s\" has %zu bytes; allowed are at most %d", entry->key,
		                    strlen(entry->value), JOB_METADATA_VALUE_BYTES_MAX);
	return true;
}

bool check_metadata(struct call *call, ProtobufCMessage *const *entries, size_t count,
                    const struct job_entry **ret_entries)
{
	*ret_entries = NULL;
	if (count == 0)
		return true;
	if (count > JOB_METADATA_ENTRIES_MAX)
		return check_refuse(call, "METADATA_INVALID", "metadata: has %zu entries; allowed are at most %d", count,
		                    JOB_METADATA_ENTRIES_MAX);
	struct job_entry *checked = arena_take(call->arena, count * sizeof *checked);
	if (checked == NULL) {
		answer_set_full(&call->fault);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		checked[i] = (struct job_entry){entry_string(entries[i], 0), entry_string(entries[i], 1)};
		if (!check_entry(call, &checked[i]))
			return false;
	}
	*ret_entries = checked;
	return true;
}

bool check_origin(struct call *call, const struct job_origin *origin)
{
	bool has_writer = *origin->writer != '\0', has_request_id = *origin->request_id != '\0';
	if (strlen(origin->writer) > JOB_WRITER_BYTES_MAX)
		return check_refuse(call, "WRITER_INVALID", "writer: allowed are at most %d bytes", JOB_WRITER_BYTES_MAX);
	if (strlen(origin->request_id) > JOB_WRITER_BYTES_MAX)
		return check_refuse(call, "REQUEST_ID_INVALID", "request_id: allowed are at most %d bytes",
		                    JOB_WRITER_BYTES_MAX);
	if (has_writer && has_request_id)
		return check_refuse(call, "REQUEST_ID_INVALID", "request_id: must be empty when writer is set");
	if (has_writer && origin->sequence == 0)
		return check_refuse(call, "SEQUENCE_INVALID", "sequence: must be 1 or more when writer is set");
	if (!has_writer && origin->sequence != 0)
		return check_refuse(call, "WRITER_INVALID", "writer: must be set when sequence is");
	return true;
}

bool check_duration(struct call *call, const char *field, const Google__Protobuf__Duration *duration, int64_t unset_ms,
                    int64_t max_ms, int64_t *ret_ms)
{
	*ret_ms = unset_ms;
	if (duration == NULL)
		return true;
	bool is_sound = duration->seconds >= 0 && duration->seconds <= max_ms / 1000 && duration->nanos >= 0 &&
	                duration->nanos < 1000000000;
	int64_t ms = is_sound ? duration->seconds * 1000 + duration->nanos / 1000000 : 0;
	if (!is_sound || ms > max_ms)
		return check_refuse(call, "DURATION_INVALID", "%s: allowed are 0 to %lld s", field, (long long)(max_ms / 1000));
	*ret_ms = ms;
	return true;
}

bool check_lease(struct call *call, const Google__Protobuf__Duration *lease, int64_t *ret_ms)
{
	return check_duration(call, "lease", lease, 0, LEASE_MAX_MS, ret_ms);
}
