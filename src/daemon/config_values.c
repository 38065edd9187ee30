/* Texts, lists, numbers and words. */
#include "daemon/config_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err config_no_memory(struct fault *fault)
{
	return fault_set(fault, ERR_RESOURCE_EXHAUSTED, "NO_MEMORY", "no memory for the configuration");
}

enum err config_set_text(char **text, const char *value, struct fault *fault)
{
	char *copy = strdup(value);
	if (copy == NULL)
		return config_no_memory(fault);
	free(*text);
	*text = copy;
	return ERR_OK;
}

enum err config_add_text(struct config_urls *list, const char *url, struct fault *fault)
{
	if (list->count == CONFIG_URLS_MAX)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "TOO_MANY", "at most %d of them", CONFIG_URLS_MAX);
	char *copy = strdup(url);
	if (copy == NULL)
		return config_no_memory(fault);
	list->urls[list->count++] = copy;
	return ERR_OK;
}

enum err config_read_number(const char *value, long long least, long long most, long long *ret_number,
                            struct fault *fault)
{
	char *end;
	errno = 0;
	long long number = strtoll(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || number < least || number > most)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_NUMBER",
		                 "\"%s\" is not allowed; allowed is a number from %lld to %lld", value, least, most);
	*ret_number = number;
	return ERR_OK;
}

enum err config_set_size(size_t *size, const char *value, long long most, struct fault *fault)
{
	long long number = 0;
	enum err err = config_read_number(value, 1, most, &number, fault);
	if (err == ERR_OK)
		*size = (size_t)number;
	return err;
}

enum err config_read_word(const char *value, const char *const *words, int *ret_place, struct fault *fault)
{
	char list[200] = "";
	size_t length = 0;
	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(value, words[i]) == 0) {
			*ret_place = i;
			return ERR_OK;
		}
		length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", i == 0 ? "" : ", ", words[i]);
	}
	return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_WORD", "\"%.100s\" is not allowed; allowed are %s", value, list);
}
