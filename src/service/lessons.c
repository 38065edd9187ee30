/* A book keeps the jobs it has learned from since it was saved, to learn from them again when somebody else was
 * quicker. */
#include "service/lessons.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BOOKS_MAX = 256,
	PENDING_MAX = 64,      /* lessons kept for a conflict; of more, the oldest are not learned again */
	SAVE_AFTER_MS = 1000,  /* a book is saved so long after its first new lesson */
	SAVE_APART_MS = 100,   /* from any other */
	SHARED_AGE_MS = 10000, /* a book that others write, too, is read again after so long */
};

struct book {
	struct list link;   /* of lessons->recent */
	struct timer timer; /* of lessons->unsaved */
	const struct plan *plan;
	uint64_t revision; /* of the note that was read or written last */
	bool was_read;
	int64_t read_ms;
	struct learned learned;
	struct learned_job *pending; /* learned since the note was written; room for PENDING_MAX, or NULL */
	size_t pending_count;
	char key[STORE_NOTE_KEY_BYTES_MAX];
};

void lessons_init(struct lessons *lessons, struct store *store)
{
	*lessons = (struct lessons){.store = store};
	map_init(&lessons->books);
	list_init(&lessons->recent);
	timer_queue_init(&lessons->unsaved);
}

static void drop(struct lessons *lessons, struct book *book)
{
	map_remove(&lessons->books, book->key);
	timer_queue_remove(&lessons->unsaved, &book->timer);
	list_remove(&book->link);
	free(book->pending);
	free(book);
}

void lessons_finish(struct lessons *lessons)
{
	while (!list_is_empty(&lessons->recent))
		drop(lessons, LIST_MEMBER(lessons->recent.next, struct book, link));
	map_finish(&lessons->books);
	timer_queue_finish(&lessons->unsaved);
}

static void learn_pending(struct book *book)
{
	for (size_t i = 0; i < book->pending_count; i++)
		learned_add(&book->learned, book->plan, &book->pending[i]);
}

/* Makes the book what the note says, and what has been learned since. A damaged note is as good as an empty one. */
static void take_note(struct book *book, const struct store_note *note)
{
	struct fault fault;
	bool is_sound = note->length > 0 && learned_open(note->bytes, note->length, &book->learned, &fault) == ERR_OK;
	if (is_sound)
		learned_fit(&book->learned, book->plan);
	else
		learned_init(&book->learned, book->plan);
	book->revision = note->revision;
	book->was_read = true;
	learn_pending(book);
}

static void read_book(struct lessons *lessons, struct book *book, int64_t now_ms)
{
	struct store_note note;
	struct fault fault;
	book->read_ms = now_ms;
	/* A store that cannot be asked now is asked again later. */
	if (store_load_note(lessons->store, book->key, &note, &fault) != ERR_OK)
		return;
	if (!book->was_read || note.revision != book->revision)
		take_note(book, &note);
	free(note.bytes);
}

static bool is_stale(const struct lessons *lessons, const struct book *book, int64_t now_ms)
{
	bool may_change = lessons->store->class->shares_notes || !book->was_read;
	return may_change && now_ms - book->read_ms >= SHARED_AGE_MS;
}

/* The least recently used that has nothing to be saved, else the least recently used. */
static void make_room(struct lessons *lessons)
{
	if (lessons->books.count < BOOKS_MAX)
		return;
	struct list *link = lessons->recent.next;
	while (link != &lessons->recent && LIST_MEMBER(link, struct book, link)->timer.place != 0)
		link = link->next;
	drop(lessons, LIST_MEMBER(link != &lessons->recent ? link : lessons->recent.next, struct book, link));
}

static struct book *add_book(struct lessons *lessons, const char *key, enum stage_flow flow, int64_t now_ms)
{
	make_room(lessons);
	struct book *book = calloc(1, sizeof *book);
	if (book == NULL)
		return NULL;
	memcpy(book->key, key, strlen(key) + 1);
	if (!map_put(&lessons->books, book->key, book)) {
		free(book);
		return NULL;
	}
	list_append(&lessons->recent, &book->link);
	book->plan = pace_plan(flow);
	learned_init(&book->learned, book->plan);
	read_book(lessons, book, now_ms);
	return book;
}

static struct book *find_book(struct lessons *lessons, const char *pipeline, enum stage_flow flow, int64_t now_ms)
{
	char key[STORE_NOTE_KEY_BYTES_MAX];
	snprintf(key, sizeof key, "learned/%s/%s", pipeline, flow == STAGE_FLOW_POSTING ? "posting" : "main");
	struct book *book = map_find(&lessons->books, key);
	if (book == NULL)
		return add_book(lessons, key, flow, now_ms);
	list_remove(&book->link);
	list_append(&lessons->recent, &book->link);
	if (is_stale(lessons, book, now_ms))
		read_book(lessons, book, now_ms);
	return book;
}

const struct learned *lessons_of(struct lessons *lessons, const char *pipeline, enum stage_flow flow, int64_t now_ms)
{
	const struct book *book = find_book(lessons, pipeline, flow, now_ms);
	return book != NULL ? &book->learned : NULL;
}

static void keep_pending(struct book *book, const struct learned_job *job)
{
	if (book->pending == NULL)
		book->pending = calloc(PENDING_MAX, sizeof *book->pending);
	if (book->pending == NULL)
		return;
	if (book->pending_count == PENDING_MAX)
		memmove(book->pending, book->pending + 1, --book->pending_count * sizeof *book->pending);
	book->pending[book->pending_count++] = *job;
}

void lessons_learn(struct lessons *lessons, const char *pipeline, const struct pace_lesson *lesson, int64_t now_ms)
{
	struct book *book = find_book(lessons, pipeline, lesson->flow, now_ms);
	if (book != NULL)
		learned_add(&book->learned, book->plan, &lesson->job);
}

void lessons_undo(struct lessons *lessons, const char *pipeline, const struct pace_lesson *lesson, int64_t now_ms)
{
	struct book *book = find_book(lessons, pipeline, lesson->flow, now_ms);
	if (book == NULL)
		return;
	book->was_read = false;
	read_book(lessons, book, now_ms);
}

void lessons_keep(struct lessons *lessons, const char *pipeline, const struct pace_lesson *lesson, int64_t now_ms)
{
	struct book *book = find_book(lessons, pipeline, lesson->flow, now_ms);
	if (book == NULL)
		return;
	keep_pending(book, &lesson->job);
	if (book->timer.place == 0)
		(void)timer_queue_set(&lessons->unsaved, &book->timer, now_ms + SAVE_AFTER_MS);
}

static void forget_pending(struct book *book)
{
	free(book->pending);
	book->pending = NULL;
	book->pending_count = 0;
}

/* Afterwards the book waits to be saved only if that has not worked. */
static enum err save(struct lessons *lessons, struct book *book, int64_t now_ms, struct fault *fault)
{
	uint8_t bytes[LEARNED_BYTES_MAX];
	bool is_conflict = false;
	size_t length = learned_seal(&book->learned, bytes);
	enum err err = store_put_note(lessons->store, book->key, book->revision, bytes, length, &is_conflict, fault);
	if (err == ERR_OK && !is_conflict) {
		book->revision++;
		book->was_read = true;
		forget_pending(book);
		timer_queue_remove(&lessons->unsaved, &book->timer);
		return ERR_OK;
	}
	if (is_conflict)
		read_book(lessons, book, now_ms);
	(void)timer_queue_set(&lessons->unsaved, &book->timer, now_ms + SAVE_AFTER_MS);
	return err == ERR_DATA_LOSS ? err : ERR_OK;
}

static struct book *first_unsaved(const struct lessons *lessons)
{
	struct timer *timer = timer_queue_first(&lessons->unsaved);
	return timer != NULL ? (struct book *)(void *)((char *)timer - offsetof(struct book, timer)) : NULL;
}

enum err lessons_save_due(struct lessons *lessons, int64_t now_ms, struct fault *fault)
{
	if (now_ms < lessons_next_due(lessons))
		return ERR_OK;
	lessons->next_save_ms = now_ms + SAVE_APART_MS;
	return save(lessons, first_unsaved(lessons), now_ms, fault);
}

enum err lessons_save_all(struct lessons *lessons, int64_t now_ms, struct fault *fault)
{
	struct book *book;
	/* Each twice at the most: the second time after a conflict. */
	for (size_t tries = 2 * lessons->unsaved.count; tries > 0 && (book = first_unsaved(lessons)) != NULL; tries--)
		if (save(lessons, book, now_ms, fault) != ERR_OK)
			return fault->code;
	return ERR_OK;
}

int64_t lessons_next_due(const struct lessons *lessons)
{
	const struct timer *first = timer_queue_first(&lessons->unsaved);
	if (first == NULL)
		return INT64_MAX;
	return first->due > lessons->next_save_ms ? first->due : lessons->next_save_ms;
}
