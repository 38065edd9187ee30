/* Damage is told and passed over; want of memory is not. */
#include "service/listed.h"

#include <stddef.h>

#include "wire/record.h"

enum err listed_open(const struct store_record *record, listed_report *report, struct job **ret_job,
                     struct fault *fault)
{
	struct fault why = {0};
	enum err err = record_open(record->payload, record->payload_bytes, ret_job, &why);
	if (err == ERR_DATA_LOSS) {
		*ret_job = NULL;
		if (report != NULL)
			report(record->job_id, &why);
		return ERR_OK;
	}
	if (err != ERR_OK)
		*fault = why;
	return err;
}
