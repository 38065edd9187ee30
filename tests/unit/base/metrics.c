/* Counting: numbers add up, also from many threads; values fall into the right bucket. */
#include "base/metrics.h"

#include <criterion/criterion.h>
#include <pthread.h>

static void *count_a_thousand(void *ignored)
{
	for (int i = 0; i < 1000; i++) {
		metrics_add(METRICS_CHANGES, 2);
		metrics_move(METRICS_STREAMS, i % 2 == 0 ? 1 : -1);
		metrics_count_call(METRICS_HTTP, 3, 5, 70000);
	}
	return ignored;
}

Test(metrics_add, adds_up_from_many_threads)
{
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, count_a_thousand, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	cr_assert_eq(metrics_counter_value(METRICS_CHANGES), 8000);
	cr_assert_eq(metrics_gauge_value(METRICS_STREAMS), 0);
	cr_assert_eq(metrics_calls(METRICS_HTTP, 3, 5), 4000);
	cr_assert_eq(metrics_calls(METRICS_RPC, 3, 5), 0);
	cr_assert_eq(metrics_call_times(METRICS_HTTP, 3).counts[1], 4000, "70 us is above 50 and not above 100");
	cr_assert_eq(metrics_call_times(METRICS_HTTP, 3).sum, UINT64_C(4000) * 70000);
}

Test(metrics_observe, puts_a_value_into_the_first_bucket_that_reaches_it)
{
	metrics_observe(METRICS_COMMIT_SIZE, 1);
	metrics_observe(METRICS_COMMIT_SIZE, 2);
	metrics_observe(METRICS_COMMIT_SIZE, 3);
	metrics_observe(METRICS_COMMIT_SIZE, UINT64_MAX / 4);
	struct metrics_buckets buckets = metrics_spread_buckets(METRICS_COMMIT_SIZE);
	cr_assert_eq(metrics_bound(METRICS_NUMBER, 2), 4);
	cr_assert_eq(buckets.counts[0], 1);
	cr_assert_eq(buckets.counts[1], 1);
	cr_assert_eq(buckets.counts[2], 1);
	cr_assert_eq(buckets.counts[METRICS_BUCKETS - 1], 1);
}

Test(metrics_count_call, counts_what_it_does_not_know_as_others)
{
	metrics_count_call(METRICS_RPC, 1000, 99, -5);
	cr_assert_eq(metrics_calls(METRICS_RPC, METRICS_OTHER_METHOD, METRICS_CODES_MAX - 1), 1);
	cr_assert_eq(metrics_call_times(METRICS_RPC, METRICS_OTHER_METHOD).sum, 0);
}

Test(metrics_move_job, knows_where_the_jobs_are_and_how_often_they_came)
{
	metrics_move_job(0, 0, 1, 2);
	metrics_move_job(0, 0, 1, 2);
	metrics_move_job(1, 2, 1, 3);
	metrics_move_job(1, 3, 3, 10);
	metrics_move_job(3, 10, 0, 10);
	cr_assert_eq(metrics_jobs(1, 2), 1);
	cr_assert_eq(metrics_jobs(1, 3), 0);
	cr_assert_eq(metrics_jobs(3, 10), 0);
	cr_assert_eq(metrics_arrivals(1), 2);
	cr_assert_eq(metrics_arrivals(3), 1);
}

Test(metrics_forget_jobs, forgets_where_the_jobs_are_but_not_how_often_they_came)
{
	metrics_move_job(0, 0, 1, 2);
	metrics_forget_jobs();
	metrics_add_job(1, 3);
	metrics_reach_state(1, 3);
	cr_assert_eq(metrics_jobs(1, 2), 0);
	cr_assert_eq(metrics_jobs(1, 3), 1);
	cr_assert_eq(metrics_arrivals(1), 1);
	cr_assert_eq(metrics_arrivals(3), 1);
}
