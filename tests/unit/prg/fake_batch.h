/* What the fake service does with batches. */
#ifndef TESTS_UNIT_PRG_FAKE_BATCH_H
#define TESTS_UNIT_PRG_FAKE_BATCH_H

#include "fake.h"

#define FAKE_REFUSED_JOB "refused" /* updates of this job are refused by themselves */
#define FAKE_POISON_JOB  "poison"  /* a batch with an update of this job is refused as a whole */
#define FAKE_FOREIGN_JOB "foreign" /* the same, because the token is not good for it */

enum { FAKE_POISON_CODE = 3, FAKE_FOREIGN_CODE = 7, FAKE_REFUSED_CODE = 9 };

/* One update of a batch. */
struct fake_part {
	const char *method; /* that would have taken it alone */
	const ProtobufCMessage *update;
};

/* Update number `index` of the request; false: there is none, or it is no batch. */
bool fake_batch_part(const ProtobufCMessage *request, size_t index, struct fake_part *ret_part);

/* The code that the request as a whole is refused with and its reason; 0: it is not. */
int fake_batch_refusal(const ProtobufCMessage *request, const char **ret_reason);

/* The response, packed; the caller frees it. Each update adds one to the plan's revision. */
uint8_t *fake_batch_pack(const ProtobufCMessage *request, struct fake_plan *plan, Progress__V1__ProgressInfo *info,
                         size_t *ret_bytes);

#endif
