/* Methods whose behaviour is still to come; they say so. */
#include "service/answer.h"
#include "service/rpc.h"

RPC_METHOD(simulate_progress, SimulateProgress)
{
	struct call *call = closure_data;
	fault_set(&call->fault, ERR_UNIMPLEMENTED, "NOT_YET",
	          "method: SimulateProgress is not offered by this version yet");
	answer_fault(call);
}
