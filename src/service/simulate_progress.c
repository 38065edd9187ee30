/* SimulateProgress: into a stage, where the bar is to move by itself. */
#include "service/answer.h"
#include "service/check.h"
#include "service/rpc.h"
#include "service/update.h"

enum { EXPECTED_MAX_S = 30 * 24 * 60 * 60 };

bool update_read_simulation(struct call *call, const Progress__V1__SimulateProgressRequest *request,
                            struct job_update *ret_update)
{
	struct update_fields fields = UPDATE_FIELDS(request);
	*ret_update = (struct job_update){.claim = JOB_CLAIM_SIMULATED};
	return update_check(call, &fields, ret_update) && check_stage(call, (int)request->stage, &ret_update->stage) &&
	       check_is_no_end(call, ret_update->stage) &&
	       check_duration(call, "expected_duration", request->expected_duration, 0, EXPECTED_MAX_S * INT64_C(1000),
	                      &ret_update->expected_ms);
}

RPC_METHOD(simulate_progress, SimulateProgress)
{
	struct call *call = closure_data;
	struct job_update update;
	bool is_checked = update_read_simulation(call, request, &update);
	update_submit(methods, call, is_checked, request->job_id, &update);
}
