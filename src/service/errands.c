/* One queue, one thread. */
#include "service/errands.h"

/* Runs the errand that has waited longest. Called and left with the lock, which is free in between. */
static void run_next(struct errands *errands)
{
	struct errand *errand = LIST_MEMBER(errands->waiting.next, struct errand, link);
	list_remove(&errand->link);
	errands->count--;
	pthread_mutex_unlock(&errands->lock);
	errand->run(errand);
	pthread_mutex_lock(&errands->lock);
}

static void *run(void *context)
{
	struct errands *errands = context;
	pthread_mutex_lock(&errands->lock);
	while (!errands->is_stopping || errands->count > 0) {
		if (errands->count > 0)
			run_next(errands);
		else
			pthread_cond_wait(&errands->work, &errands->lock);
	}
	pthread_mutex_unlock(&errands->lock);
	return NULL;
}

enum err errands_start(struct errands *errands, size_t count_max, struct fault *fault)
{
	*errands = (struct errands){.count_max = count_max};
	list_init(&errands->waiting);
	pthread_mutex_init(&errands->lock, NULL);
	pthread_cond_init(&errands->work, NULL);
	if (pthread_create(&errands->thread, NULL, run, errands) == 0)
		return ERR_OK;
	errands_finish(errands);
	return fault_set(fault, ERR_UNAVAILABLE, "NO_THREAD", "the system gave no thread for listings");
}

void errands_stop(struct errands *errands)
{
	pthread_mutex_lock(&errands->lock);
	errands->is_stopping = true;
	pthread_cond_signal(&errands->work);
	pthread_mutex_unlock(&errands->lock);
	pthread_join(errands->thread, NULL);
}

void errands_finish(struct errands *errands)
{
	pthread_cond_destroy(&errands->work);
	pthread_mutex_destroy(&errands->lock);
}

enum err errands_put(struct errands *errands, struct errand *errand, struct fault *fault)
{
	enum err err = ERR_OK;
	pthread_mutex_lock(&errands->lock);
	if (errands->is_stopping) {
		err = fault_set(fault, ERR_UNAVAILABLE, "STOPPING", "the service is stopping");
	} else if (errands->count == errands->count_max) {
		err = fault_set(fault, ERR_RESOURCE_EXHAUSTED, "QUEUE_FULL",
		                "%zu listings are waiting already; try again later", errands->count_max);
	} else {
		list_append(&errands->waiting, &errand->link);
		errands->count++;
		pthread_cond_signal(&errands->work);
	}
	pthread_mutex_unlock(&errands->lock);
	return err;
}
