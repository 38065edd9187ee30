/* How the store fails. */
#include "simulation_store.h"

#include <string.h>

#include "wire/record.h"

const char *const simulation_jobs[SIMULATION_JOBS] = {"a", "b", "c", "d", "x:1", "x:2", "x:3", "x:4"};

int simulation_number(const char *job_id)
{
	for (int i = 0; i < SIMULATION_JOBS; i++)
		if (strcmp(simulation_jobs[i], job_id) == 0)
			return i;
	CHECK(false, "there is no job %s", job_id);
}

static struct simulation_store *of(struct store *store)
{
	return (struct simulation_store *)(void *)store;
}

static bool fails(struct simulation_store *store, uint64_t one_in)
{
	bool is_fault = store->is_faulty && random_below(store->random, one_in) == 0;
	store->faults += is_fault;
	return is_fault;
}

static enum err load(struct store *store, struct store_load *loads, size_t count, struct fault *fault)
{
	if (fails(of(store), 12))
		return fault_set(fault, ERR_UNAVAILABLE, "SIMULATED", "the load fails");
	return store_load_all(of(store)->inner, loads, count, fault);
}

/* Puts those that meet a conflict behind the others. Returns how many are left. */
static size_t part_conflicts(struct simulation_store *store, struct store_put *puts, size_t count, size_t *order)
{
	size_t good = 0, bad = count;
	for (size_t i = 0; i < count; i++) {
		puts[i].is_conflict = fails(store, 10);
		order[puts[i].is_conflict ? --bad : good++] = i;
	}
	return good;
}

static enum err commit(struct store *store, struct store_put *puts, size_t count, enum store_durability *ret_durability,
                       struct fault *fault)
{
	if (fails(of(store), 8))
		return fault_set(fault, ERR_UNAVAILABLE, "SIMULATED", "the commit fails");
	size_t *order = calloc(count, sizeof *order);
	struct store_put *chosen = calloc(count, sizeof *chosen);
	CHECK(order != NULL && chosen != NULL, "no memory");
	size_t good = part_conflicts(of(store), puts, count, order);
	for (size_t i = 0; i < good; i++)
		chosen[i] = puts[order[i]];
	*ret_durability = STORE_SYNCED;
	enum err err = good == 0 ? ERR_OK : store_commit(of(store)->inner, chosen, good, ret_durability, fault);
	for (size_t i = 0; i < good; i++)
		puts[order[i]] = chosen[i];
	free(order);
	free(chosen);
	return err;
}

static enum err list(struct store *store, const struct store_query *query, store_visit *visit, void *context,
                     struct fault *fault)
{
	return store_list(of(store)->inner, query, visit, context, fault);
}

static enum err expired(struct store *store, int64_t now_ms, size_t limit, store_visit *visit, void *context,
                        struct fault *fault)
{
	if (fails(of(store), 10))
		return fault_set(fault, ERR_UNAVAILABLE, "SIMULATED", "the question fails");
	return store_expired(of(store)->inner, now_ms, limit, visit, context, fault);
}

static enum store_durability durability(struct store *store)
{
	(void)store;
	return STORE_SYNCED;
}

static enum err load_note(struct store *store, const char *key, struct store_note *ret_note, struct fault *fault)
{
	if (strcmp(key, "clock") != 0 && fails(of(store), 10))
		return fault_set(fault, ERR_UNAVAILABLE, "SIMULATED", "the note is not read");
	return store_load_note(of(store)->inner, key, ret_note, fault);
}

static enum err put_note(struct store *store, const char *key, uint64_t expected_revision, const uint8_t *bytes,
                         size_t length, bool *ret_is_conflict, struct fault *fault)
{
	if (strcmp(key, "clock") != 0 && fails(of(store), 10))
		return fault_set(fault, ERR_UNAVAILABLE, "SIMULATED", "the note is not written");
	return store_put_note(of(store)->inner, key, expected_revision, bytes, length, ret_is_conflict, fault);
}

static const struct store_class simulated = {
    .kind = "simulated",
    .load = load,
    .commit = commit,
    .list = list,
    .expired = expired,
    .durability = durability,
    .load_note = load_note,
    .put_note = put_note,
};

void simulation_store_open(struct simulation_store *store, struct random *random)
{
	struct fault fault;
	*store = (struct simulation_store){.base.class = &simulated, .random = random};
	CHECK(store_open("memory:", &store->inner, &fault) == ERR_OK, "%s", fault.text);
}

static void forget(struct simulation_record *record)
{
	free(record->payload);
	job_destroy(record->job);
	*record = (struct simulation_record){0};
}

void simulation_store_close(struct simulation_store *store)
{
	for (int i = 0; i < SIMULATION_JOBS; i++)
		forget(&store->records[i]);
	store_close(store->inner);
}

const struct job *simulation_store_find(struct simulation_store *store, const char *job_id)
{
	struct simulation_record *record = &store->records[simulation_number(job_id)];
	struct store_load found = {.job_id = job_id};
	struct fault fault;
	CHECK(store_load_all(store->inner, &found, 1, &fault) == ERR_OK, "%s", fault.text);
	bool is_same = found.found && record->job != NULL && record->bytes == found.payload_bytes &&
	               memcmp(record->payload, found.payload, found.payload_bytes) == 0;
	if (is_same) {
		free(found.payload);
		return record->job;
	}
	forget(record);
	if (!found.found)
		return NULL;
	*record = (struct simulation_record){found.payload, found.payload_bytes, NULL};
	CHECK(record_open(record->payload, record->bytes, &record->job, &fault) == ERR_OK, "%s", fault.text);
	return record->job;
}
