/* How a job's state lies in memory: the struct, its metadata and all its strings in one block, so that freeing it is
 * one call and a half-made one cannot exist. */
#include "progress.h"

#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "client.h"
#include "error.h"
#include "text.h"

static size_t bytes_of(const char *string)
{
	return strlen(string) + 1;
}

static size_t string_bytes(const Progress__V1__ProgressInfo *info, const char *read_token)
{
	size_t bytes = bytes_of(read_token) + bytes_of(info->job_id) + bytes_of(info->pipeline) + bytes_of(info->parent) +
	               bytes_of(info->status) + bytes_of(info->label) + bytes_of(info->message) +
	               bytes_of(info->cancel_reason) + bytes_of(info->error);
	for (size_t i = 0; i < info->n_metadata; i++)
		bytes += bytes_of(info->metadata[i]->key) + bytes_of(info->metadata[i]->value);
	return bytes;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct prg_entry *)a)->key, ((const struct prg_entry *)b)->key);
}

static void put_metadata(struct prg_progress *progress, struct prg_entry *entries, char **place,
                         const Progress__V1__ProgressInfo *info)
{
	for (size_t i = 0; i < info->n_metadata; i++) {
		entries[i].key = text_put(place, info->metadata[i]->key);
		entries[i].value = text_put(place, info->metadata[i]->value);
	}
	qsort(entries, info->n_metadata, sizeof *entries, compare_entries);
	progress->metadata = entries;
	progress->metadata_count = info->n_metadata;
}

static void put_strings(struct prg_progress *progress, char **place, const Progress__V1__ProgressInfo *info)
{
	progress->job_id = text_put(place, info->job_id);
	progress->pipeline = text_put(place, info->pipeline);
	progress->parent = text_put(place, info->parent);
	progress->status = text_put(place, info->status);
	progress->label = text_put(place, info->label);
	progress->message = text_put(place, info->message);
	progress->cancel_reason = text_put(place, info->cancel_reason);
	progress->error = text_put(place, info->error);
}

static void put_times(struct prg_progress *progress, const Progress__V1__ProgressInfo *info)
{
	progress->create_time_ms = progress_time_ms(info->create_time);
	progress->update_time_ms = progress_time_ms(info->update_time);
	progress->stage_time_ms = progress_time_ms(info->stage_time);
	progress->end_time_ms = progress_time_ms(info->end_time);
	if (info->eta != NULL) {
		progress->has_eta = true;
		progress->eta_seconds = info->eta->seconds;
		progress->eta_lo_seconds = info->eta->lo_seconds;
		progress->eta_hi_seconds = info->eta->hi_seconds;
	}
}

static void put_numbers(struct prg_progress *progress, const Progress__V1__ProgressInfo *info)
{
	progress->stage = (enum prg_stage)info->stage;
	progress->progress = info->progress;
	progress->fraction = info->fraction;
	progress->time_fraction = info->time_fraction;
	progress->state = (enum prg_state)info->state;
	progress->source = (enum prg_source)info->source;
	progress->flag = (enum prg_flag)info->flag;
	progress->revision = info->revision;
	progress->attempt = info->attempt;
	progress->run = info->run;
	progress->reached_progress = info->reached_progress;
	progress->cancel_requested = info->cancel_requested;
	progress->has_history = info->has_history;
	progress->done = info->done;
	progress->total = info->total;
}

static struct prg_progress *copy(const Progress__V1__ProgressInfo *info, const char *read_token)
{
	size_t entry_bytes = info->n_metadata * sizeof(struct prg_entry);
	struct prg_progress *progress = calloc(1, sizeof *progress + entry_bytes + string_bytes(info, read_token));
	if (progress == NULL)
		return NULL;
	struct prg_entry *entries = (struct prg_entry *)(progress + 1);
	char *place = (char *)entries + entry_bytes;
	put_numbers(progress, info);
	put_times(progress, info);
	put_strings(progress, &place, info);
	put_metadata(progress, entries, &place, info);
	progress->read_token = text_put(&place, read_token);
	return progress;
}

struct prg_progress *progress_copy(const Progress__V1__ProgressInfo *info)
{
	return copy(info, "");
}

int64_t progress_time_ms(const Google__Protobuf__Timestamp *time)
{
	return time != NULL ? time->seconds * 1000 + time->nanos / 1000000 : 0;
}

/* The address of the response's field of that name; NULL: it has none. */
static const void *find_field(const ProtobufCMessage *response, const char *name)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(response->descriptor, name);
	return field != NULL ? (const char *)response + field->offset : NULL;
}

void progress_take(const ProtobufCMessage *response, void *context)
{
	struct progress_result *result = context;
	if (response == NULL)
		return;
	Progress__V1__ProgressInfo *const *info = find_field(response, "progress_info");
	if (*info == NULL) {
		error_set(PRG_INTERNAL, "BAD_REPLY", "the answer has no progress_info: not a progressd?");
		return;
	}
	char *const *read_token = find_field(response, "read_token");
	result->progress = copy(*info, read_token != NULL ? *read_token : "");
	if (result->progress == NULL) {
		error_no_memory();
		return;
	}
	const Progress__V1__UpdateOutcome *outcome = find_field(response, "outcome");
	if (outcome != NULL)
		result->progress->outcome = (enum prg_outcome) * outcome;
	result->progress->durability = channel_durability();
}

enum prg_code progress_give(struct prg_client *client, struct progress_result *result,
                            struct prg_progress **ret_progress)
{
	if (ret_progress == NULL)
		prg_progress_free(result->progress);
	else if (result->progress != NULL)
		*ret_progress = result->progress;
	result->progress = NULL;
	return client_leave(client);
}

void prg_progress_free(struct prg_progress *progress)
{
	free(progress);
}

bool prg_progress_is_final(const struct prg_progress *progress)
{
	return progress->state == PRG_STATE_SUCCEEDED || progress->state == PRG_STATE_FAILED ||
	       progress->state == PRG_STATE_CANCELLED;
}
