/* Reads the configuration file line by line. */
#include "daemon/config_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	size_t length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}

static enum err take_line(char *line, config_file_set *set, void *context, struct fault *fault)
{
	line[strcspn(line, "#")] = '\0';
	char *name = trim(line);
	if (*name == '\0')
		return ERR_OK;
	char *equals = strchr(name, '=');
	if (equals == NULL)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_LINE", "expected NAME = VALUE");
	*equals = '\0';
	return set(context, trim(name), trim(equals + 1), fault);
}

enum err config_file_read(const char *path, config_file_set *set, void *context, struct fault *fault)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return fault_set(fault, ERR_INVALID_ARGUMENT, "BAD_CONFIG", "--config: cannot read %s: %s", path,
		                 strerror(errno));
	char *line = NULL;
	size_t capacity = 0;
	enum err err = ERR_OK;
	for (int number = 1; err == ERR_OK && getline(&line, &capacity, file) >= 0; number++) {
		struct fault of_line = {0};
		err = take_line(line, set, context, &of_line);
		if (err != ERR_OK)
			fault_set(fault, err, of_line.reason, "%s:%d: %s", path, number, of_line.text);
	}
	free(line);
	fclose(file);
	return err;
}
