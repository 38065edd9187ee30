/* One function for each method of the service, each in a file of its own; the generated table names them all, so a
 * method without one does not compile. The closure data of each is its struct call. */
#ifndef SERVICE_RPC_H
#define SERVICE_RPC_H

#include <progress/v1/progress_service.pb-c.h>

#define RPC_METHOD(name, Name)                                                                                         \
	void rpc_##name(__attribute__((unused)) Progress__V1__ProgressTrackerService_Service *methods,                     \
	                __attribute__((unused)) const Progress__V1__##Name##Request *request,                              \
	                __attribute__((unused)) Progress__V1__##Name##Response_Closure closure, void *closure_data)

RPC_METHOD(get_progress, GetProgress);
RPC_METHOD(update_progress, UpdateProgress);
RPC_METHOD(update_progress_by_status, UpdateProgressByStatus);
RPC_METHOD(update_progress_explicit, UpdateProgressExplicit);
RPC_METHOD(update_progress_incremental, UpdateProgressIncremental);
RPC_METHOD(get_all_stages, GetAllStages);
RPC_METHOD(simulate_progress, SimulateProgress);
RPC_METHOD(batch_update_progress, BatchUpdateProgress);
RPC_METHOD(create_job, CreateJob);
RPC_METHOD(delete_job, DeleteJob);
RPC_METHOD(list_jobs, ListJobs);
RPC_METHOD(get_job_history, GetJobHistory);
RPC_METHOD(wait_progress, WaitProgress);
RPC_METHOD(watch_progress, WatchProgress);
RPC_METHOD(watch_jobs, WatchJobs);
RPC_METHOD(cancel_job, CancelJob);
RPC_METHOD(heartbeat, Heartbeat);
RPC_METHOD(get_pipeline_stats, GetPipelineStats);
RPC_METHOD(get_server_info, GetServerInfo);

#endif
