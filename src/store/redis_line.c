/*
 * What was heard of commits and is not yet told: a listening thread puts it in line, the committing thread takes it.
 * The numbers tell whether any is missing: those of one lane follow each other. What is missing cannot be had any more,
 * but it can be said.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/redis_parts.h"

enum {
	PATIENCE_MS = 300,           /* how long what was shown may take to be heard of */
	QUEUED_BYTES_MAX = 64 << 20, /* beyond this, what is not yet told is forgotten */
};

void redis_line_init(struct redis_line *line, int lane_count)
{
	memset(line, 0, sizeof *line);
	line->lane_count = lane_count;
	line->last = &line->first;
	pthread_mutex_init(&line->lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&line->arrived, &attributes);
	pthread_condattr_destroy(&attributes);
}

/* ---- under the lock ---- */

static void clear(struct redis_line *line)
{
	while (line->first != NULL) {
		struct redis_message *message = line->first;
		line->first = message->next;
		free(message);
	}
	line->last = &line->first;
	line->queued_bytes = 0;
}

static void wake_if_needed(struct redis_line *line)
{
	bool has_something = line->first != NULL || line->has_missed;
	if (!has_something || line->is_busy || line->is_woken || line->wake == NULL)
		return;
	line->is_woken = true;
	line->wake(line->wake_context);
}

static void note_missed(struct redis_line *line)
{
	line->has_missed = true;
	clear(line);
}

void redis_line_finish(struct redis_line *line)
{
	clear(line);
	pthread_cond_destroy(&line->arrived);
	pthread_mutex_destroy(&line->lock);
}

/* ---- the listening thread ---- */

void redis_line_open(struct redis_line *line)
{
	pthread_mutex_lock(&line->lock);
}

void redis_line_close(struct redis_line *line)
{
	pthread_cond_signal(&line->arrived);
	wake_if_needed(line);
	pthread_mutex_unlock(&line->lock);
}

void redis_line_add(struct redis_line *line, struct redis_message *message)
{
	if (message == NULL) {
		note_missed(line);
		return;
	}
	uint64_t *heard = &line->heard[message->lane];
	bool is_known = message->number > 0 && message->number <= *heard; /* of before the subscription */
	bool is_our_sign = message->news.is_sign && message->news.is_own;
	if (is_known || is_our_sign) {
		free(message);
		return;
	}
	if (message->number > *heard + 1 || line->queued_bytes > QUEUED_BYTES_MAX)
		note_missed(line);
	if (message->number > 0)
		*heard = message->number;
	message->next = NULL;
	*line->last = message;
	line->last = &message->next;
	line->queued_bytes += sizeof *message + message->news.length;
}

bool redis_line_compare(struct redis_line *line, int lane, const struct redis_survey *survey)
{
	redis_line_open(line);
	uint64_t *heard = &line->heard[lane];
	bool is_missing = survey->is_new_connection ? survey->number != *heard : survey->number < *heard;
	bool has_come = survey->is_new_connection || survey->is_other_store || *heard >= survey->expected;
	if (survey->is_other_store || is_missing) {
		note_missed(line);
		*heard = survey->number;
	}
	redis_line_close(line);
	return has_come;
}

void redis_line_begin(struct redis_line *line)
{
	line->has_missed = false; /* nothing was known before */
	memcpy(line->told, line->heard, sizeof line->told);
}

/* ---- the committing thread ---- */

void redis_line_note_shown(struct redis_line *line, int lane, int64_t number)
{
	line->shown[lane] = (uint64_t)number;
	if (line->shown[lane] < line->told[lane])
		redis_line_note_loss(line, lane);
}

void redis_line_note_loss(struct redis_line *line, int lane)
{
	line->has_gone_back[lane] = true;
	line->has_any_gone_back = true;
}

void redis_line_set_busy(struct redis_line *line, bool is_busy)
{
	pthread_mutex_lock(&line->lock);
	line->is_busy = is_busy;
	wake_if_needed(line);
	pthread_mutex_unlock(&line->lock);
}

static bool has_heard_shown(const struct redis_line *line)
{
	for (int lane = 0; lane < line->lane_count; lane++)
		if (line->heard[lane] < line->shown[lane])
			return false;
	return true;
}

static void wait_for_shown(struct redis_line *line)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (!line->has_missed && !has_heard_shown(line))
		if (pthread_cond_timedwait(&line->arrived, &line->lock, &until) != 0)
			break;
	if (!has_heard_shown(line))
		note_missed(line);
}

/* Takes what is to be told out of the line: up to the number shown of each lane, or all. */
static struct redis_message *take(struct redis_line *line, bool takes_all)
{
	struct redis_message *taken = NULL, **end = &taken, **at = &line->first;
	while (*at != NULL) {
		struct redis_message *message = *at;
		if (!takes_all && message->number > line->shown[message->lane]) {
			at = &message->next;
			continue;
		}
		line->queued_bytes -= sizeof *message + message->news.length;
		*at = message->next;
		*end = message;
		end = &message->next;
	}
	line->last = at;
	*end = NULL;
	return taken;
}

/* Nothing of what was known counts any more; what the store shows now does. */
static void begin_anew(struct redis_line *line)
{
	clear(line);
	for (int lane = 0; lane < line->lane_count; lane++) {
		if (line->has_gone_back[lane] || line->heard[lane] < line->shown[lane])
			line->heard[lane] = line->shown[lane];
		line->has_gone_back[lane] = false;
		line->told[lane] = line->heard[lane];
	}
	line->has_missed = false;
	line->has_any_gone_back = false;
}

bool redis_line_hear(struct redis_line *line, enum store_hearing hearing, store_tell *tell, void *context)
{
	struct redis_message *messages = NULL;
	pthread_mutex_lock(&line->lock);
	if (hearing == STORE_HEAR_SHOWN && !line->has_any_gone_back)
		wait_for_shown(line);
	bool is_whole = !line->has_missed && !line->has_any_gone_back;
	if (is_whole)
		messages = take(line, hearing == STORE_HEAR_ARRIVED);
	else
		begin_anew(line);
	line->is_busy = false;
	line->is_woken = false;
	wake_if_needed(line);
	pthread_mutex_unlock(&line->lock);
	while (messages != NULL) {
		struct redis_message *message = messages;
		uint64_t *told = &line->told[message->lane];
		messages = message->next;
		*told = message->number > *told ? message->number : *told;
		tell(&message->news, context);
		free(message);
	}
	return is_whole;
}

void redis_line_listen(struct redis_line *line, void (*wake)(void *context), void *context)
{
	pthread_mutex_lock(&line->lock);
	line->wake = wake;
	line->wake_context = context;
	wake_if_needed(line);
	pthread_mutex_unlock(&line->lock);
}
