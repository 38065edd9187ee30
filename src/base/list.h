/* A doubly linked list whose links lie inside the members. A list is a link that points to itself when empty. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *previous;
};

/* The struct of the given type whose `field` is the link. */
#define LIST_MEMBER(link, type, field) ((type *)(void *)((char *)(link)-offsetof(type, field)))

static inline void list_init(struct list *list)
{
	list->next = list;
	list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_append(struct list *list, struct list *link)
{
	link->next = list;
	link->previous = list->previous;
	list->previous->next = link;
	list->previous = link;
}

static inline void list_prepend(struct list *list, struct list *link)
{
	list_append(list->next, link);
}

/* Moves all members of `more` to the end of `list`, in their order. */
static inline void list_append_all(struct list *list, struct list *more)
{
	if (list_is_empty(more))
		return;
	more->next->previous = list->previous;
	more->previous->next = list;
	list->previous->next = more->next;
	list->previous = more->previous;
	list_init(more);
}

/* Takes the link out of its list; harmless if it is in none but was initialized. */
static inline void list_remove(struct list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

#endif
