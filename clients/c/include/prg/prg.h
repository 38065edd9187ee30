/*
 * libprg: report and read the progress of long-running jobs kept by progressd.
 *
 *     #include <prg/prg.h>
 *
 *     struct prg_client *client;
 *     if (prg_open(NULL, NULL, &client) != PRG_OK) ...
 *     prg_update_progress(client, "job-1", PRG_STAGE_TRANSCRIBING, NULL, NULL);
 *     prg_update_progress_incremental(client, "job-1", PRG_STAGE_TRANSCRIBING, 12.0, 60.0, NULL, NULL);
 *     prg_update_progress(client, "job-1", PRG_STAGE_COMPLETED, NULL, NULL);
 *     prg_close(client);
 *
 * Calls block until the service has answered or the deadline is over. While the connection is lost they wait for it to
 * come back; a call that may have been carried out is repeated in a way that changes nothing twice. A client may be
 * used by any number of threads at once. The library never writes to stdout or stderr and never ends the process.
 *
 * After fork() the child must not use a client of its parent nor open a new one (every call answers
 * PRG_FAILED_PRECONDITION) until it has called exec; prg_close in the child only frees memory.
 *
 * Strings are UTF-8. Results are written only on success. Functions that take a pointer to free accept NULL.
 */
#ifndef PRG_PRG_H
#define PRG_PRG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PRG_VERSION "0.1.0"

#if defined(__GNUC__)
#define PRG_API __attribute__((visibility("default")))
#else
#define PRG_API
#endif

/* What a call came to; the numbers are google.rpc.Code. */
enum prg_code {
	PRG_OK = 0,
	PRG_CANCELLED = 1,
	PRG_UNKNOWN = 2,
	PRG_INVALID_ARGUMENT = 3,  /* the error text names the field */
	PRG_DEADLINE_EXCEEDED = 4, /* connected, but no answer in time */
	PRG_NOT_FOUND = 5,         /* no such job */
	PRG_ALREADY_EXISTS = 6,    /* prg_create_job: there is a job of that name */
	PRG_PERMISSION_DENIED = 7,
	PRG_RESOURCE_EXHAUSTED = 8,  /* over a limit of the service, or no memory */
	PRG_FAILED_PRECONDITION = 9, /* an earlier stage, or after the end; or used after fork */
	PRG_ABORTED = 10,            /* an older attempt: another worker has taken over */
	PRG_OUT_OF_RANGE = 11,
	PRG_UNIMPLEMENTED = 12,
	PRG_INTERNAL = 13,
	PRG_UNAVAILABLE = 14, /* no connection */
	PRG_DATA_LOSS = 15,
	PRG_UNAUTHENTICATED = 16
};

/* The stages of the schema: PRG_STAGE_QUEUED, PRG_STAGE_DOWNLOADING, … */
enum prg_stage {
	PRG_STAGE_UNSPECIFIED = 0,
#define STAGE(NAME, number, ...) PRG_STAGE_##NAME = number,
#include <prg/stages.inc>
#undef STAGE
	PRG_STAGE_FORCE_INT = 0x7fffffff /* newer services may know more stages */
};

/* Where a job stands as a whole. */
enum prg_state {
	PRG_STATE_UNSPECIFIED,
	PRG_STATE_ACTIVE,
	PRG_STATE_STALLED, /* under way, but its worker is silent for longer than its lease */
	PRG_STATE_SUCCEEDED,
	PRG_STATE_FAILED,
	PRG_STATE_CANCELLED
};

/* How the shown progress came about. */
enum prg_source { PRG_SOURCE_UNSPECIFIED, PRG_SOURCE_MEASURED, PRG_SOURCE_ESTIMATED, PRG_SOURCE_SIMULATED };

/* What an update did. */
enum prg_outcome {
	PRG_OUTCOME_UNSPECIFIED,
	PRG_OUTCOME_APPLIED,
	PRG_OUTCOME_ABSORBED, /* late or nothing new; the job stayed as it was */
	PRG_OUTCOME_DUPLICATE /* a repeat; the job stayed as it was */
};

/* What an acknowledgement is worth. */
enum prg_durability {
	PRG_DURABILITY_UNSPECIFIED,
	PRG_DURABILITY_SYNCED,  /* survives the loss of power */
	PRG_DURABILITY_WRITTEN, /* survives a crash of the daemon */
	PRG_DURABILITY_MEMORY   /* lost with the process that keeps it */
};

/* What may be wrong with a job under way. */
enum prg_flag { PRG_FLAG_NONE, PRG_FLAG_LOST, PRG_FLAG_SILENT, PRG_FLAG_OVERDUE };

/* Which run of the bar a stage belongs to. */
enum prg_flow { PRG_FLOW_UNSPECIFIED, PRG_FLOW_MAIN, PRG_FLOW_POSTING, PRG_FLOW_ANY };

struct prg_entry {
	const char *key;
	const char *value;
};

/* The state of a job. Strings are never NULL. Times are milliseconds since the Unix epoch, 0: not yet. Free with
 * prg_progress_free. */
struct prg_progress {
	const char *job_id;
	const char *pipeline;
	const char *parent; /* empty: none */
	enum prg_stage stage;
	const char *status;   /* name of the stage in lower case */
	const char *label;    /* what to show to people for the stage */
	int progress;         /* percent to show, 0 to 100 */
	double fraction;      /* unrounded progress, 0 to 1 */
	double time_fraction; /* share of the job's time that is over, 0 to 1 */
	const char *message;
	const struct prg_entry *metadata; /* sorted by key */
	size_t metadata_count;
	enum prg_state state;
	enum prg_source source;
	enum prg_flag flag;
	uint64_t revision; /* each visible change adds one */
	uint32_t attempt;
	uint32_t run;
	int reached_progress; /* highest of this attempt; kept when the job fails */
	bool cancel_requested;
	const char *cancel_reason;
	const char *error;     /* why the job failed or was cancelled */
	bool has_eta;          /* the three below are known */
	double eta_seconds;    /* median */
	double eta_lo_seconds; /* 10 % quantile */
	double eta_hi_seconds; /* 90 % quantile */
	bool has_history;      /* the durations behind eta and time_fraction come from finished jobs */
	double done, total;    /* last reported in this stage; total 0: none */
	int64_t create_time_ms;
	int64_t update_time_ms;
	int64_t stage_time_ms; /* when the stage was entered */
	int64_t end_time_ms;
	const char *read_token;         /* that prg_create_job asked for; else empty */
	enum prg_outcome outcome;       /* of the update that this answers; unspecified for reads */
	enum prg_durability durability; /* of the answer */
};

/* Frees what a call returned. */
PRG_API void prg_progress_free(struct prg_progress *progress);

/* Whether the job has ended, well or badly. */
PRG_API bool prg_progress_is_final(const struct prg_progress *progress);

/* One row of the table of stages; strings live as long as the table. */
struct prg_stage_info {
	enum prg_stage stage;
	const char *status;
	const char *label;
	int start_percent;
	int end_percent;
	double typical_seconds; /* 0: not known */
	enum prg_flow flow;
	enum prg_state ends_as; /* PRG_STATE_UNSPECIFIED: the job goes on */
};

/* Names: "not_found", "active", "measured", "applied", "synced", "lost", "main"; "unknown" for numbers that are none.
 */
PRG_API const char *prg_code_name(enum prg_code code);
PRG_API const char *prg_state_name(enum prg_state state);
PRG_API const char *prg_source_name(enum prg_source source);
PRG_API const char *prg_outcome_name(enum prg_outcome outcome);
PRG_API const char *prg_durability_name(enum prg_durability durability);
PRG_API const char *prg_flag_name(enum prg_flag flag);
PRG_API const char *prg_flow_name(enum prg_flow flow);

/* The stage of that status in any case ("transcribing"), as this library was built; PRG_STAGE_UNSPECIFIED: none. */
PRG_API enum prg_stage prg_stage_from_status(const char *status);

/* The row of a stage as this library was built, or NULL. Lives for ever. */
PRG_API const struct prg_stage_info *prg_stage_find(enum prg_stage stage);

/* The version of the library at run time, "0.1.0". */
PRG_API const char *prg_version(void);

/* ---- the client ------------------------------------------------------------------------------------------------- */

struct prg_client;

/* How to behave; zero or NULL in a field means the default. */
struct prg_options {
	int timeout_ms; /* for each call; default 10,000; -1: none */
	bool fail_fast; /* answer PRG_UNAVAILABLE at once when the service cannot be reached, instead of waiting for it */
	const char *writer; /* name for this worker, 1 to 64 bytes, of its own among those that update the same job at the
	                       same time; default: made from host, process and a random number */
	const char *authorization; /* "Bearer <token>", or "": none */
	const char *token_file;    /* its first line is the token, if there is no authorization; read when the client is
	                              opened. Without both: the token in $PRG_TOKEN, else in the file $PRG_TOKEN_FILE */
};

/* Opens a client for the service at `url` (ipc://PATH or tcp://HOST:PORT); NULL: $PRG_SERVER, else the first unix
 * socket there is of $RUNTIME_DIRECTORY/rpc.sock, $XDG_RUNTIME_DIR/progressd/rpc.sock, /tmp/progressd-UID/rpc.sock,
 * /run/progressd/rpc.sock, else tcp://127.0.0.1:7070. Does not wait for the connection. `options` may be NULL.
 * PRG_INVALID_ARGUMENT: a bad URL or option. PRG_RESOURCE_EXHAUSTED: no memory. */
PRG_API enum prg_code prg_open(const char *url, const struct prg_options *options, struct prg_client **ret_client);

/* Ends the client: stops and frees its reporters without their last value (finish them first), makes calls under way in
 * other threads answer PRG_CANCELLED and waits until they have. Not to be called by a watch's callback. */
PRG_API void prg_close(struct prg_client *client);

/* The address the client talks to. Borrowed. */
PRG_API const char *prg_server_url(const struct prg_client *client);

/* The text of the last error of the calling thread, for people; empty when its last call succeeded. Valid until the
 * thread's next call. */
PRG_API const char *prg_error(void);

/* The reason of the last error of the calling thread, for programs: UPPER_SNAKE ("STAGE_REGRESSION"); may be empty. */
PRG_API const char *prg_error_reason(void);

/* Makes the calling thread's calls with this client give up after `timeout_ms` instead of the client's own time; 0
 * takes that back, -1: no limit. */
PRG_API void prg_set_timeout(struct prg_client *client, int timeout_ms);

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* The present state. PRG_NOT_FOUND: no such job. */
PRG_API enum prg_code prg_get_progress(struct prg_client *client, const char *job_id,
                                       struct prg_progress **ret_progress);

/* Answers as soon as the job's revision is greater than `after_revision`, or after `timeout_ms` (at most 300,000) with
 * the present state. With after_revision 0 the answer comes at once. The call's own time limit is extended by
 * timeout_ms. PRG_NOT_FOUND: no such job, or it was deleted. */
PRG_API enum prg_code prg_wait_progress(struct prg_client *client, const char *job_id, uint64_t after_revision,
                                        int timeout_ms, struct prg_progress **ret_progress);

/* Called for each state a watch sees; borrowed for the call. False ends the watch. */
typedef bool prg_watch_fn(const struct prg_progress *progress, void *context);

/* Shows the present state and then each newer one, also those in which only a simulated bar has moved (changes that
 * come faster than they are taken are merged into the latest) until the job has ended, was deleted, or the callback
 * returns false. Survives restarts of the service without limit, unless fail_fast is set. PRG_OK: the job ended or the
 * callback stopped it. PRG_NOT_FOUND: no such job, or it was deleted. */
PRG_API enum prg_code prg_watch(struct prg_client *client, const char *job_id, prg_watch_fn *callback, void *context);

/* The same with every change, unmerged. After a restart of the service, or when the callback is slower than the changes
 * for very long, it goes on from the state that is then. */
PRG_API enum prg_code prg_watch_every(struct prg_client *client, const char *job_id, prg_watch_fn *callback,
                                      void *context);

/* The service's table of stages in order; free with prg_stages_free. */
PRG_API enum prg_code prg_get_all_stages(struct prg_client *client, struct prg_stage_info **ret_stages,
                                         size_t *ret_count);
PRG_API void prg_stages_free(struct prg_stage_info *stages, size_t count);

/* Which jobs to list; zero or NULL lets all pass. */
struct prg_filter {
	const enum prg_state *states;
	size_t state_count;
	const enum prg_stage *stages;
	size_t stage_count;
	const char *pipeline;
	const char *parent;
	const char *job_id_prefix;
};

struct prg_job_list {
	struct prg_progress **jobs; /* newest first */
	size_t count;
	const char *next_page_token; /* empty: the last page */
};

/* A page of jobs. `filter` and `page_token` may be NULL; page_size 1 to 1000, 0: 50. Free with prg_job_list_free. */
PRG_API enum prg_code prg_list_jobs(struct prg_client *client, const struct prg_filter *filter, int page_size,
                                    const char *page_token, struct prg_job_list **ret_list);
PRG_API void prg_job_list_free(struct prg_job_list *list);

/* A stay in a stage. */
struct prg_span {
	enum prg_stage stage;
	const char *status;
	const char *label;
	uint32_t attempt;
	uint32_t run;
	int64_t start_time_ms;
	int64_t end_time_ms; /* 0: still in it */
	int64_t duration_ms; /* up to now if still in it */
	const char *outcome; /* "running", "finished", "failed", "cancelled", "superseded" */
};

struct prg_history {
	struct prg_progress *progress;
	struct prg_span *spans; /* in order of time */
	size_t span_count;
};

/* Every stage the job has been in. Free with prg_history_free. */
PRG_API enum prg_code prg_get_job_history(struct prg_client *client, const char *job_id,
                                          struct prg_history **ret_history);
PRG_API void prg_history_free(struct prg_history *history);

/* What is believed of a stage, for a job of the usual size; strings live as long as the table. */
struct prg_stage_stats {
	enum prg_stage stage;
	const char *status;
	const char *label;
	double typical_seconds; /* median */
	double lo_seconds;      /* 80 % of the jobs take between these */
	double hi_seconds;
	double share;  /* of the jobs that enter the stage */
	uint64_t jobs; /* that have completed; 0: nothing is learned yet, the numbers are the schema's */
	double weight; /* how many stays the numbers rest on; older ones count less */
};

/* What the service has learned of a pipeline; NULL: "default". Free with prg_stats_free. */
PRG_API enum prg_code prg_get_pipeline_stats(struct prg_client *client, const char *pipeline,
                                             struct prg_stage_stats **ret_stats, size_t *ret_count);
PRG_API void prg_stats_free(struct prg_stage_stats *stats);

struct prg_server_info {
	char version[32];
	char store[16]; /* "file", "memory", "redis" */
	int64_t start_time_ms;
};

/* Asks the service who it is. */
PRG_API enum prg_code prg_get_server_info(struct prg_client *client, struct prg_server_info *ret_info);

/* ---- reporting --------------------------------------------------------------------------------------------------- */

/* What may go with an update; zero or NULL in a field means nothing. */
struct prg_update {
	const char *message;              /* at most 1024 bytes */
	const struct prg_entry *metadata; /* merged into the job's */
	size_t metadata_count;
	uint32_t attempt; /* the attempt this worker works on; 0: the present one */
	double
	    lease_seconds; /* the next sign of life (any update or prg_heartbeat) comes within this time; <= 0: as before */
	bool wants_progress; /* of an asynchronous update: its result shows the job's state */
};

/* The updates. `update` and `ret_progress` may be NULL. They create the job if it is new. The answer's `outcome` says
 * whether it was applied or absorbed. Updates of one job by several threads of one client are sent one after the other.
 * PRG_FAILED_PRECONDITION: an earlier stage, or the job has ended. PRG_ABORTED: an older attempt. */

/* Jumps to the start of a stage. */
PRG_API enum prg_code prg_update_progress(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                          const struct prg_update *update, struct prg_progress **ret_progress);

/* The same by name; PRG_INVALID_ARGUMENT with the list of names if there is no such stage. */
PRG_API enum prg_code prg_update_progress_by_status(struct prg_client *client, const char *job_id, const char *status,
                                                    const struct prg_update *update,
                                                    struct prg_progress **ret_progress);

/* Sets a percentage of your choice, 0 to 100. */
PRG_API enum prg_code prg_update_progress_explicit(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                                   int progress, const struct prg_update *update,
                                                   struct prg_progress **ret_progress);

/* Sets the place inside a stage: done of total in any unit (0 <= done <= total, total > 0). For a fraction f give f
 * of 1. */
PRG_API enum prg_code prg_update_progress_incremental(struct prg_client *client, const char *job_id,
                                                      enum prg_stage stage, double done, double total,
                                                      const struct prg_update *update,
                                                      struct prg_progress **ret_progress);

/* Lets the service move the bar by itself inside a stage; seconds <= 0: as long as the stage usually takes, as learned
 * from finished jobs. Reports in the stage are taken into account; the next stage needs its own call. */
PRG_API enum prg_code prg_simulate_progress(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                            double seconds, const struct prg_update *update,
                                            struct prg_progress **ret_progress);

/* Describes a new job; zero or NULL in a field means the default. */
struct prg_job_options {
	const char *pipeline; /* default "default" */
	const char *parent;
	const char *message;
	const struct prg_entry *metadata;
	size_t metadata_count;
	double ttl_seconds;        /* how long the finished job is kept */
	double size_hint;          /* how large it is, in any unit that is the same for the pipeline; durations follow it */
	const char *worker;        /* who will do it; fast and slow ones are told apart when durations are learned */
	const char *job_class;     /* what kind of job it is; likewise */
	double read_token_seconds; /* ask for a token that lets its bearer read this job for so long, at most a day; the
	                              service refuses that where it asks nobody for tokens */
};

/* Creates a job in the stage QUEUED; job_id NULL or empty: a name is made up, see the answer. `options` and
 * `ret_progress` may be NULL. PRG_ALREADY_EXISTS: there is a job of that name. */
PRG_API enum prg_code prg_create_job(struct prg_client *client, const char *job_id,
                                     const struct prg_job_options *options, struct prg_progress **ret_progress);

/* Forgets a job, finished or not. */
PRG_API enum prg_code prg_delete_job(struct prg_client *client, const char *job_id);

/* Asks the job's worker to stop; `reason` may be NULL. */
PRG_API enum prg_code prg_cancel_job(struct prg_client *client, const char *job_id, const char *reason,
                                     struct prg_progress **ret_progress);

/* "I am alive"; the next sign of life comes within lease_seconds (<= 0: as before). */
PRG_API enum prg_code prg_heartbeat(struct prg_client *client, const char *job_id, double lease_seconds,
                                    struct prg_progress **ret_progress);

/* Called when the job should be cancelled; the strings, never NULL, are borrowed for the call. */
typedef void prg_cancel_fn(const char *job_id, const char *reason, void *context);

/* Has `callback` called once for each job that should be cancelled, when an answer to an update or heartbeat of this
 * client, a reporter's included, first says so. While a reporter runs the service is asked at least twice a second. A
 * thread of the client's own calls it, one call at a time, and no reporter sends anything meanwhile: be brief. It may
 * make any call of the library but prg_close. NULL: none from now on; a call that is under way goes on. Replaces the
 * one that was set before. PRG_RESOURCE_EXHAUSTED: the thread cannot be started. */
PRG_API enum prg_code prg_on_cancel(struct prg_client *client, prg_cancel_fn *callback, void *context);

/* ---- the reporter, for hot loops --------------------------------------------------------------------------------- */

struct prg_reporter;

/* How a reporter behaves; zero or NULL in a field means the default. */
struct prg_reporter_options {
	int interval_ms;      /* at most one report in this time; default 100 */
	uint32_t attempt;     /* 0: the present one */
	double lease_seconds; /* stay alive in the eyes of the service at least this often; <= 0: no lease of its own */
};

/* Begins to report a stage: enters it (this is acknowledged) and lets a thread of the client send the newest value of
 * prg_reporter_tick from time to time. When there has been nothing new for half a second, or for a third of the lease
 * if that is less, it sends a heartbeat: so the lease is kept and a wish to cancel is heard also while nothing moves.
 * total > 0, in any unit. `options` may be NULL. */
PRG_API enum prg_code prg_reporter_start(struct prg_client *client, const char *job_id, enum prg_stage stage,
                                         double total, const struct prg_reporter_options *options,
                                         struct prg_reporter **ret_reporter);

/* What a reporter begins with. For prg_reporter_tick only, so that it can be compiled into the loop. */
struct prg_reporter_cell {
	uint64_t done;
	bool stop;
};

/* So much is done now. Costs nanoseconds: never blocks, never allocates, calls nothing; for one thread at a time.
 * Values that go down or beyond the total are taken for the nearest sensible one when they are sent. Returns true when
 * somebody has asked for the job to be cancelled, another attempt has taken over, or the job has ended or is in a later
 * stage already: the worker should stop. */
#if defined(__GNUC__)
PRG_API inline bool prg_reporter_tick(struct prg_reporter *reporter, uint64_t done)
{
	struct prg_reporter_cell *cell = (struct prg_reporter_cell *)(void *)reporter;
	__atomic_store_n(&cell->done, done, __ATOMIC_RELAXED);
	return __atomic_load_n(&cell->stop, __ATOMIC_RELAXED);
}
#else
PRG_API bool prg_reporter_tick(struct prg_reporter *reporter, uint64_t done);
#endif

/* Changes the total, when more is known. */
PRG_API void prg_reporter_set_total(struct prg_reporter *reporter, double total);

/* Sets the message that goes with the next report; copied, cut at 1024 bytes. NULL: none. May be called by any thread.
 */
PRG_API void prg_reporter_set_message(struct prg_reporter *reporter, const char *message);

/* Sends the last value, waits for its acknowledgement and frees the reporter, also on an error. `ret_progress` may be
 * NULL. The code is that of the last report; PRG_OK with NULL. */
PRG_API enum prg_code prg_reporter_finish(struct prg_reporter *reporter, struct prg_progress **ret_progress);

#ifdef __cplusplus
}
#endif

#include <prg/async.h>

#endif
