/*
 * What the daemon counts: plain atomics that every room may add to and a door shows. Adding costs nanoseconds, takes no
 * lock and no memory, and is safe for any thread; readers see each number by itself.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

/* COUNTER(NAME, name for people, what it counts): only rises */
#define METRICS_COUNTERS(COUNTER)                                                                                      \
	COUNTER(COMMITS, "progressd_commits_total", "Commits to the store that succeeded.")                                \
	COUNTER(COMMIT_FAILURES, "progressd_commit_failures_total", "Commits to the store that failed.")                   \
	COUNTER(COMMITTED_CHANGES, "progressd_committed_jobs_total", "Jobs written by all commits.")                       \
	COUNTER(CONFLICTS, "progressd_commit_conflicts_total", "Jobs that another writer had changed meanwhile.")          \
	COUNTER(CHANGES, "progressd_changes_total", "Changes of jobs told to watchers.")                                   \
	COUNTER(QUEUE_REFUSALS, "progressd_queue_refusals_total", "Calls refused because too many waited.")                \
	COUNTER(PEERS_DROPPED, "progressd_peers_dropped_total", "RPC connections closed because they did not read.")       \
	COUNTER(HTTP_REQUESTS, "progressd_http_requests_total", "HTTP requests answered.")                                 \
	COUNTER(HTTP_REFUSED, "progressd_http_refused_total", "HTTP requests refused before they were looked into.")       \
	COUNTER(STREAMS_OPENED, "progressd_streams_opened_total", "HTTP streams opened.")                                  \
	COUNTER(STREAM_RESETS, "progressd_stream_resets_total", "Times a stream had to begin anew.")                       \
	COUNTER(STREAM_EVENTS, "progressd_stream_events_total", "Events written to HTTP streams.")                         \
	COUNTER(STREAM_MERGED, "progressd_stream_merged_total", "Changes merged into later events for slow streams.")

/* GAUGE(NAME, name for people, what it shows): rises and falls */
#define METRICS_GAUGES(GAUGE)                                                                                          \
	GAUGE(QUEUE_DEPTH, "progressd_queue_depth", "Commands in line for the corridor.")                                  \
	GAUGE(WAITING_CALLS, "progressd_waiting_calls", "Calls that wait for a change.")                                   \
	GAUGE(HTTP_CONNECTIONS, "progressd_http_connections", "Open HTTP connections.")                                    \
	GAUGE(STREAMS, "progressd_streams", "Open HTTP streams.")                                                          \
	GAUGE(TOKENS_ARE_WELL, "progressd_tokens_up",                                                                      \
	      "1: the tokens are those of the file; 0: it could not be read anew.")                                        \
	GAUGE(STORE_IS_WELL, "progressd_store_up", "1: the latest commit succeeded.")                                      \
	GAUGE(STORE_IS_WEAK, "progressd_store_weak", "1: a crash of the store may lose what was acknowledged.")

/* SPREAD(NAME, name for people, what it shows, unit): in seconds (observed in ns) or plain numbers */
#define METRICS_SPREADS(SPREAD)                                                                                        \
	SPREAD(COMMIT_TIME, "progressd_commit_seconds", "Time that commits took.", METRICS_NS)                             \
	SPREAD(COMMIT_SIZE, "progressd_commit_jobs", "Jobs written by one commit.", METRICS_NUMBER)

enum metrics_unit { METRICS_NS, METRICS_NUMBER };

#define METRICS_ENUM(NAME, ...) METRICS_##NAME,
enum metrics_counter { METRICS_COUNTERS(METRICS_ENUM) METRICS_COUNTER_COUNT };
enum metrics_gauge { METRICS_GAUGES(METRICS_ENUM) METRICS_GAUGE_COUNT };
enum metrics_spread { METRICS_SPREADS(METRICS_ENUM) METRICS_SPREAD_COUNT };
#undef METRICS_ENUM

enum metrics_door { METRICS_RPC, METRICS_HTTP, METRICS_DOOR_COUNT };

enum {
	METRICS_METHODS_MAX = 32, /* methods of the service by number; the last one stands for all unknown ones */
	METRICS_OTHER_METHOD = METRICS_METHODS_MAX - 1,
	METRICS_CODES_MAX = 17,
	METRICS_STATES_MAX = 8,
	METRICS_STAGES_MAX = 64,
	METRICS_BUCKETS = 16,
};

/* How often values up to each bound were seen; the last bucket has no bound. */
struct metrics_buckets {
	uint64_t counts[METRICS_BUCKETS];
	uint64_t sum;
};

void metrics_add(enum metrics_counter counter, uint64_t number);
void metrics_set(enum metrics_gauge gauge, int64_t value);
void metrics_move(enum metrics_gauge gauge, int64_t difference);
void metrics_observe(enum metrics_spread spread, uint64_t value);

/* A call was answered. Numbers beyond the limits count as others. */
void metrics_count_call(enum metrics_door door, size_t method, int code, int64_t duration_ns);

/* A job changed its state or stage; state 0: it was not there before, or is not any more. Numbers as in the schema. */
void metrics_move_job(int previous_state, int previous_stage, int state, int stage);

/* The same in parts: that a job came into a state; that one is there of which no change was counted; and that it is not
 * known any more which are there. */
void metrics_reach_state(int previous_state, int state);
void metrics_add_job(int state, int stage);
void metrics_forget_jobs(void);

uint64_t metrics_counter_value(enum metrics_counter counter);
int64_t metrics_gauge_value(enum metrics_gauge gauge);
struct metrics_buckets metrics_spread_buckets(enum metrics_spread spread);
uint64_t metrics_calls(enum metrics_door door, size_t method, int code);
struct metrics_buckets metrics_call_times(enum metrics_door door, size_t method);

/* How many jobs are in the state and stage, of those that this process has seen; how often jobs came into the state. */
int64_t metrics_jobs(int state, int stage);
uint64_t metrics_arrivals(int state);

/* The upper bound of a bucket but the last one, in the unit's own numbers. */
uint64_t metrics_bound(enum metrics_unit unit, size_t bucket);

#endif
