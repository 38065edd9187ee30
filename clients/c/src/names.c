/* How numbers are called. */
#include <prg/prg.h>

static const char *name_at(const char *const *names, size_t count, int number)
{
	return number >= 0 && (size_t)number < count ? names[number] : "unknown";
}

#define NAME_AT(names, number) name_at(names, sizeof(names) / sizeof *(names), (int)(number))

const char *prg_code_name(enum prg_code code)
{
	static const char *const names[] = {
	    "ok",        "canceled",       "unknown",           "invalid_argument",   "deadline_exceeded",
	    "not_found", "already_exists", "permission_denied", "resource_exhausted", "failed_precondition",
	    "aborted",   "out_of_range",   "unimplemented",     "internal",           "unavailable",
	    "data_loss", "unauthenticated"};
	return NAME_AT(names, code);
}

const char *prg_state_name(enum prg_state state)
{
	static const char *const names[] = {"unspecified", "active", "stalled", "succeeded", "failed", "cancelled"};
	return NAME_AT(names, state);
}

const char *prg_source_name(enum prg_source source)
{
	static const char *const names[] = {"unspecified", "measured", "estimated", "simulated"};
	return NAME_AT(names, source);
}

const char *prg_outcome_name(enum prg_outcome outcome)
{
	static const char *const names[] = {"unspecified", "applied", "absorbed", "duplicate"};
	return NAME_AT(names, outcome);
}

const char *prg_durability_name(enum prg_durability durability)
{
	static const char *const names[] = {"unspecified", "synced", "written", "memory"};
	return NAME_AT(names, durability);
}

const char *prg_flag_name(enum prg_flag flag)
{
	static const char *const names[] = {"none", "lost", "silent", "overdue"};
	return NAME_AT(names, flag);
}

const char *prg_flow_name(enum prg_flow flow)
{
	static const char *const names[] = {"unspecified", "main", "posting", "any"};
	return NAME_AT(names, flow);
}

const char *prg_version(void)
{
	return PRG_VERSION;
}
