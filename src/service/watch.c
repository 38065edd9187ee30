/* The token, the mode and the timeout of a watch. */
#include "service/watch.h"

#include "service/check.h"
#include "service/pause.h"

static bool check_token(struct call *call, const char *text, struct command_watch *ret_watch)
{
	ret_watch->is_first = *text == '\0';
	if (ret_watch->is_first || watch_token_read(text, &ret_watch->token))
		return true;
	return check_refuse(call, "RESUME_TOKEN_INVALID", "resume_token: is not one that a watch gave out");
}

static bool check_mode(struct call *call, Progress__V1__WatchMode mode, struct command_watch *ret_watch)
{
	ret_watch->is_latest_only = mode == PROGRESS__V1__WATCH_MODE__WATCH_MODE_LATEST;
	if (mode <= PROGRESS__V1__WATCH_MODE__WATCH_MODE_LATEST)
		return true;
	return check_refuse(call, "MODE_INVALID", "mode: %d is no mode; allowed are all and latest", (int)mode);
}

bool watch_check(struct call *call, const char *resume_token, Progress__V1__WatchMode mode,
                 const Google__Protobuf__Duration *timeout, struct command_watch *ret_watch,
                 struct command_pause *ret_pause)
{
	*ret_watch = (struct command_watch){0};
	*ret_pause = (struct command_pause){0};
	return check_token(call, resume_token, ret_watch) && check_mode(call, mode, ret_watch) &&
	       check_duration(call, "timeout", timeout, PAUSE_DEFAULT_MS, PAUSE_MAX_MS, &ret_pause->timeout_ms);
}
