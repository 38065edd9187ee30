/* UpdateProgressIncremental: to a place inside a stage. */
#include <math.h>

#include "service/answer.h"
#include "service/check.h"
#include "service/rpc.h"
#include "service/update.h"

static bool check_amount(struct call *call, const Progress__V1__UpdateProgressIncrementalRequest *request,
                         struct job_update *update)
{
	if (request->fraction != 0)
		return check_refuse(call, "FRACTION_INVALID", "fraction: must be 0 when done or total is given");
	if (!(isfinite(request->total) && request->total > 0))
		return check_refuse(call, "TOTAL_INVALID", "total: is %g; allowed is a number greater than 0", request->total);
	if (!(request->done >= 0 && request->done <= request->total))
		return check_refuse(call, "DONE_INVALID", "done: is %g; allowed is 0 to total (%g)", request->done,
		                    request->total);
	update->done = request->done;
	update->total = request->total;
	update->fraction = request->done / request->total;
	return true;
}

static bool check_place(struct call *call, const Progress__V1__UpdateProgressIncrementalRequest *request,
                        struct job_update *update)
{
	if (request->total != 0 || request->done != 0)
		return check_amount(call, request, update);
	if (!(request->fraction >= 0 && request->fraction <= 1))
		return check_refuse(call, "FRACTION_INVALID", "fraction: is %g; allowed is 0 to 1", request->fraction);
	update->fraction = request->fraction;
	return true;
}

bool update_read_incremental(struct call *call, const Progress__V1__UpdateProgressIncrementalRequest *request,
                             struct job_update *ret_update)
{
	struct update_fields fields = UPDATE_FIELDS(request);
	*ret_update = (struct job_update){.claim = JOB_CLAIM_FRACTION};
	return update_check(call, &fields, ret_update) && check_stage(call, (int)request->stage, &ret_update->stage) &&
	       check_is_no_end(call, ret_update->stage) && check_place(call, request, ret_update);
}

RPC_METHOD(update_progress_incremental, UpdateProgressIncremental)
{
	struct call *call = closure_data;
	struct job_update update;
	bool is_checked = update_read_incremental(call, request, &update);
	update_submit(methods, call, is_checked, request->job_id, &update);
}
