/* Who of the updates of one job goes next. */
#include "turn.h"

#include <string.h>

#include "steady.h"

static bool has_one_ahead(const struct turn_list *list, const struct turn *turn)
{
	for (const struct turn *other = list->first; other != turn; other = other->next)
		if (strcmp(other->job_id, turn->job_id) == 0)
			return true;
	return false;
}

static void append(struct turn_list *list, struct turn *turn)
{
	struct turn **end = &list->first;
	while (*end != NULL)
		end = &(*end)->next;
	*end = turn;
}

static void init_turn(struct turn *turn, const char *job_id)
{
	turn->job_id = job_id;
	turn->next = NULL;
	steady_init(&turn->mine);
}

bool turn_begin(struct turn_list *list, struct turn *turn, const char *job_id, int64_t deadline_ms,
                const bool *given_up, pthread_mutex_t *lock)
{
	init_turn(turn, job_id);
	append(list, turn);
	while (!*given_up && has_one_ahead(list, turn)) {
		if (steady_now_ms() >= deadline_ms)
			break;
		steady_wait(&turn->mine, lock, deadline_ms);
	}
	if (!*given_up && !has_one_ahead(list, turn))
		return true;
	turn_end(list, turn);
	return false;
}

void turn_end(struct turn_list *list, struct turn *turn)
{
	struct turn **link = &list->first;
	while (*link != turn)
		link = &(*link)->next;
	*link = turn->next;
	for (struct turn *other = turn->next; other != NULL; other = other->next) {
		if (strcmp(other->job_id, turn->job_id) == 0) {
			pthread_cond_signal(&other->mine);
			break;
		}
	}
	pthread_cond_destroy(&turn->mine);
}

void turn_wake_all(struct turn_list *list)
{
	for (struct turn *turn = list->first; turn != NULL; turn = turn->next)
		pthread_cond_signal(&turn->mine);
}
