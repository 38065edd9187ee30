/* What is counted, in the text format of Prometheus. */
#include <stdio.h>

#include "base/metrics.h"
#include "http/health.h"
#include "job/stages.h"
#include "wire/method.h"

static const char *const door_names[METRICS_DOOR_COUNT] = {"rpc", "http"};

static void put_line(struct buffer *out, const char *name, const char *labels, double value)
{
	char line[256];
	snprintf(line, sizeof line, *labels != '\0' ? "%s{%s} %.15g\n" : "%s%s %.15g\n", name, labels, value);
	buffer_put_string(out, line);
}

static void put_help(struct buffer *out, const char *name, const char *help, const char *type)
{
	char lines[256];
	snprintf(lines, sizeof lines, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
	buffer_put_string(out, lines);
}

/* ns become seconds. */
static double shown(enum metrics_unit unit, uint64_t value)
{
	return unit == METRICS_NS ? (double)value / 1e9 : (double)value;
}

static void put_buckets(struct buffer *out, const char *name, const char *labels, enum metrics_unit unit,
                        const struct metrics_buckets *buckets)
{
	char full_name[96], full_labels[160];
	const char *comma = *labels != '\0' ? "," : "";
	uint64_t count = 0;
	snprintf(full_name, sizeof full_name, "%s_bucket", name);
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		count += buckets->counts[i];
		if (i < METRICS_BUCKETS - 1)
			snprintf(full_labels, sizeof full_labels, "%s%sle=\"%g\"", labels, comma,
			         shown(unit, metrics_bound(unit, i)));
		else
			snprintf(full_labels, sizeof full_labels, "%s%sle=\"+Inf\"", labels, comma);
		put_line(out, full_name, full_labels, (double)count);
	}
	snprintf(full_name, sizeof full_name, "%s_sum", name);
	put_line(out, full_name, labels, shown(unit, buckets->sum));
	snprintf(full_name, sizeof full_name, "%s_count", name);
	put_line(out, full_name, labels, (double)count);
}

static void put_numbers(struct buffer *out)
{
#define PUT_COUNTER(NAME, name, help)                                                                                  \
	put_help(out, name, help, "counter");                                                                              \
	put_line(out, name, "", (double)metrics_counter_value(METRICS_##NAME));
	METRICS_COUNTERS(PUT_COUNTER)
#undef PUT_COUNTER
#define PUT_GAUGE(NAME, name, help)                                                                                    \
	put_help(out, name, help, "gauge");                                                                                \
	put_line(out, name, "", (double)metrics_gauge_value(METRICS_##NAME));
	METRICS_GAUGES(PUT_GAUGE)
#undef PUT_GAUGE
}

static void put_spread(struct buffer *out, enum metrics_spread spread, const char *name, const char *help,
                       enum metrics_unit unit)
{
	struct metrics_buckets buckets = metrics_spread_buckets(spread);
	put_help(out, name, help, "histogram");
	put_buckets(out, name, "", unit, &buckets);
}

/* The name of a method without its service. */
static const char *method_name(size_t number)
{
	const struct method *method = method_at(number);
	const char *name = method != NULL ? method->name : "/other";
	for (const char *c = name; *c != '\0'; c++)
		if (*c == '/')
			name = c + 1;
	return name;
}

static void put_calls_of(struct buffer *out, enum metrics_door door, size_t method)
{
	char labels[160];
	for (int code = 0; code < METRICS_CODES_MAX; code++) {
		uint64_t count = metrics_calls(door, method, code);
		if (count == 0)
			continue;
		snprintf(labels, sizeof labels, "door=\"%s\",method=\"%s\",code=\"%s\"", door_names[door], method_name(method),
		         err_text((enum err)code));
		put_line(out, "progressd_calls_total", labels, (double)count);
	}
}

static void put_calls(struct buffer *out)
{
	put_help(out, "progressd_calls_total", "Calls answered.", "counter");
	for (size_t i = 0; i < METRICS_DOOR_COUNT * METRICS_METHODS_MAX; i++)
		put_calls_of(out, (enum metrics_door)(i / METRICS_METHODS_MAX), i % METRICS_METHODS_MAX);
}

static void put_call_times(struct buffer *out)
{
	char labels[160];
	put_help(out, "progressd_call_seconds", "Time from a call's arrival to its answer.", "histogram");
	for (size_t i = 0; i < METRICS_DOOR_COUNT * METRICS_METHODS_MAX; i++) {
		size_t door = i / METRICS_METHODS_MAX, method = i % METRICS_METHODS_MAX;
		struct metrics_buckets buckets = metrics_call_times((enum metrics_door)door, method);
		uint64_t count = 0;
		for (size_t bucket = 0; bucket < METRICS_BUCKETS; bucket++)
			count += buckets.counts[bucket];
		if (count == 0)
			continue;
		snprintf(labels, sizeof labels, "door=\"%s\",method=\"%s\"", door_names[door], method_name(method));
		put_buckets(out, "progressd_call_seconds", labels, METRICS_NS, &buckets);
	}
}

static void put_jobs(struct buffer *out)
{
	char labels[160];
	put_help(out, "progressd_jobs", "Jobs under way, by state and stage.", "gauge");
	for (int state = JOB_STATE_ACTIVE; state <= JOB_STATE_STALLED; state++) {
		for (size_t i = 0; i < stages_count(); i++) {
			const struct stage *stage = &stages_all()[i];
			if (stage->ends_as != JOB_STATE_UNSPECIFIED)
				continue;
			snprintf(labels, sizeof labels, "state=\"%s\",stage=\"%s\"", job_state_name((enum job_state)state),
			         stage->status);
			put_line(out, "progressd_jobs", labels, (double)metrics_jobs(state, stage->number));
		}
	}
	put_help(out, "progressd_jobs_reached_total", "How often jobs came into a state since the start.", "counter");
	for (int state = JOB_STATE_ACTIVE; state <= JOB_STATE_CANCELLED; state++) {
		snprintf(labels, sizeof labels, "state=\"%s\"", job_state_name((enum job_state)state));
		put_line(out, "progressd_jobs_reached_total", labels, (double)metrics_arrivals(state));
	}
}

void health_write_metrics(struct buffer *out)
{
	put_help(out, "progressd_build_info", "The version that runs.", "gauge");
	put_line(out, "progressd_build_info", "version=\"" PROGRESS_VERSION "\"", 1);
	put_numbers(out);
#define PUT_SPREAD(NAME, name, help, unit) put_spread(out, METRICS_##NAME, name, help, unit);
	METRICS_SPREADS(PUT_SPREAD)
#undef PUT_SPREAD
	put_calls(out);
	put_call_times(out);
	put_jobs(out);
}
