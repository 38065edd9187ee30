/*
 * A page shows one moment, up to which the corridor then hears. Jobs at or above the row where the listing is are
 * counted by their changes, those below it when they are listed: so each is counted once, wherever it is meanwhile.
 */
#include "service/corridor_adopt.h"

#include "base/metrics.h"
#include "service/corridor_news.h"

enum { PAGE_JOBS_MAX = 500, RETRY_MS = 500 };

/* Where a listed job is. */
struct listed_place {
	int state;
	int stage;
};

struct page {
	struct corridor *corridor;
	struct listed_place places[PAGE_JOBS_MAX];
	size_t place_count;
	size_t rows;
	int64_t last_row;
	double seen_s; /* the latest time that a bar has seen */
};

void corridor_begin_adoption(struct corridor *corridor)
{
	corridor->adoption.is_under_way = true;
	corridor->adoption.below_row = INT64_MAX;
	corridor->adoption.due_ms = corridor->now.steady_ms;
	metrics_forget_jobs();
}

static bool adopt(const struct store_record *record, int64_t row, void *context)
{
	struct page *page = context;
	struct corridor *corridor = page->corridor;
	struct job *job = NULL;
	struct fault fault = {0};
	page->rows++;
	page->last_row = row;
	if (listed_open(record, corridor->options.on_unreadable, &job, &fault) != ERR_OK || job == NULL)
		return true;
	struct lease_terms terms = lease_terms_of(job);
	leases_follow(&corridor->leases, job->job_id, &terms, corridor->options.default_lost_after_ms,
	              corridor->now.steady_ms);
	page->places[page->place_count++] = (struct listed_place){(int)job->view.state, job->view.stage};
	if (job->pace.has_estimate && job->pace.estimate.seen_at > page->seen_s)
		page->seen_s = job->pace.estimate.seen_at;
	job_destroy(job);
	return true;
}

/* What was heard up to the page's moment was counted without its jobs. */
static void take_page(struct corridor *corridor, const struct page *page, int64_t next_row)
{
	for (size_t i = 0; i < page->place_count; i++)
		metrics_add_job(page->places[i].state, page->places[i].stage);
	corridor->adoption.below_row = next_row;
	corridor->adoption.is_under_way = next_row != 0;
}

static enum err adopt_page(struct corridor *corridor, double *seen_s, struct fault *fault)
{
	struct page page = {.corridor = corridor, .seen_s = *seen_s};
	struct store_place place = {0};
	bool is_shared = store_is_shared(corridor->store);
	struct store_query live = {
	    .states = UINT64_C(1) << JOB_STATE_ACTIVE | UINT64_C(1) << JOB_STATE_STALLED,
	    .limit = PAGE_JOBS_MAX,
	    .before_row = corridor->adoption.below_row == INT64_MAX ? 0 : corridor->adoption.below_row,
	    .place = is_shared ? &place : NULL,
	};
	enum err err = store_list(corridor->store, &live, adopt, &page, fault);
	if (err != ERR_OK)
		return err;
	*seen_s = page.seen_s;
	/* If something was missed again, all begins anew. */
	if (!corridor_hear(corridor, STORE_HEAR_SHOWN))
		return ERR_OK;
	if (!is_shared && page.rows == PAGE_JOBS_MAX)
		place.next_row = page.last_row;
	take_page(corridor, &page, place.next_row);
	return ERR_OK;
}

enum err corridor_adopt(struct corridor *corridor, struct moment now, struct fault *fault)
{
	double seen_s = 0;
	enum err err = ERR_OK;
	corridor->now = now;
	corridor_begin_adoption(corridor);
	while (corridor->adoption.is_under_way && err == ERR_OK)
		err = adopt_page(corridor, &seen_s, fault);
	if (err != ERR_OK)
		return err;
	return pace_clock_start(&corridor->clock, corridor->store, corridor->options.boot_key, seen_s, now, fault);
}

void corridor_go_on_adopting(struct corridor *corridor)
{
	struct corridor_adoption *adoption = &corridor->adoption;
	struct fault fault = {0};
	double seen_s = 0; /* the clock of the bars does not change once it was started */
	if (!adoption->is_under_way || corridor->now.steady_ms < adoption->due_ms)
		return;
	if (adopt_page(corridor, &seen_s, &fault) != ERR_OK)
		adoption->due_ms = corridor->now.steady_ms + RETRY_MS;
}

void corridor_count_change(const struct corridor *corridor, const struct feed_change *told)
{
	const struct feed_facts *facts = &told->facts;
	int state = told->is_removal ? 0 : facts->state;
	if (!corridor->adoption.is_under_way || told->row >= corridor->adoption.below_row)
		metrics_move_job(facts->previous_state, facts->previous_stage, state, facts->stage);
	else
		metrics_reach_state(facts->previous_state, state);
}
