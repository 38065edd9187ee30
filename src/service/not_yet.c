/* Methods whose behaviour is still to come; they say so. */
#include "service/answer.h"
#include "service/rpc.h"

#define NOT_YET(name, Name)                                                                                            \
	RPC_METHOD(name, Name)                                                                                             \
	{                                                                                                                  \
		(void)methods, (void)request, (void)closure;                                                                   \
		struct call *call = closure_data;                                                                              \
		fault_set(&call->fault, ERR_UNIMPLEMENTED, "NOT_YET", "method: " #Name " is not offered by this version yet"); \
		answer_fault(call);                                                                                            \
	}

NOT_YET(simulate_progress, SimulateProgress)
NOT_YET(batch_update_progress, BatchUpdateProgress)
NOT_YET(watch_progress, WatchProgress)
NOT_YET(watch_jobs, WatchJobs)
NOT_YET(cancel_job, CancelJob)
NOT_YET(heartbeat, Heartbeat)
