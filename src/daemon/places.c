/* Which folders, and whether they can be trusted: a folder that others may write to could hold others' sockets. */
#include "daemon/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes the folder and its parents with mode 0700. */
static int make_folders(const char *path)
{
	char part[PATH_MAX];
	size_t length = strlen(path);
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

static enum err check_owner(const char *path, struct fault *fault)
{
	struct stat found;
	if (lstat(path, &found) != 0 || !S_ISDIR(found.st_mode))
		return fault_set(fault, ERR_FAILED_PRECONDITION, "BAD_FOLDER", "%s is not a folder", path);
	if (found.st_uid != geteuid())
		return fault_set(fault, ERR_FAILED_PRECONDITION, "BAD_FOLDER", "folder %s belongs to another user", path);
	return ERR_OK;
}

/* The runtime folder holds the sockets: nobody else may enter it. */
static enum err check_private(const char *path, struct fault *fault)
{
	struct stat found;
	if (lstat(path, &found) == 0 && (found.st_mode & 077) == 0)
		return ERR_OK;
	return fault_set(fault, ERR_FAILED_PRECONDITION, "BAD_FOLDER", "folder %s must have mode 0700", path);
}

static enum err use(const char *path, struct fault *fault)
{
	if (make_folders(path) != 0)
		return fault_set(fault, ERR_UNAVAILABLE, "BAD_FOLDER", "cannot make folder %s: %s", path, strerror(errno));
	return check_owner(path, fault);
}

/* Writes the path; false when it is too long. */
static bool write_path(char path[PATH_MAX], const char *base, const char *rest)
{
	return snprintf(path, PATH_MAX, "%s%s", base, rest) < PATH_MAX;
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && *value != '\0' ? value : NULL;
}

enum err places_find_run_folder(char ret_path[PATH_MAX], struct fault *fault)
{
	char path[PATH_MAX];
	bool fits;
	if (environment("RUNTIME_DIRECTORY") != NULL)
		fits = write_path(path, environment("RUNTIME_DIRECTORY"), "");
	else if (environment("XDG_RUNTIME_DIR") != NULL)
		fits = write_path(path, environment("XDG_RUNTIME_DIR"), "/progressd");
	else
		fits = snprintf(path, sizeof path, "/tmp/progressd-%u", (unsigned)geteuid()) < PATH_MAX;
	if (!fits)
		return fault_set(fault, ERR_FAILED_PRECONDITION, "BAD_FOLDER", "the path of the runtime folder is too long");
	enum err err = use(path, fault);
	if (err == ERR_OK)
		err = check_private(path, fault);
	if (err == ERR_OK)
		memcpy(ret_path, path, sizeof path);
	return err;
}

enum err places_find_state_folder(char ret_path[PATH_MAX], struct fault *fault)
{
	char path[PATH_MAX];
	bool fits;
	if (environment("STATE_DIRECTORY") != NULL)
		fits = write_path(path, environment("STATE_DIRECTORY"), "");
	else if (environment("XDG_STATE_HOME") != NULL)
		fits = write_path(path, environment("XDG_STATE_HOME"), "/progressd");
	else if (environment("HOME") != NULL)
		fits = write_path(path, environment("HOME"), "/.local/state/progressd");
	else
		return fault_set(fault, ERR_FAILED_PRECONDITION, "BAD_FOLDER",
		                 "none of STATE_DIRECTORY, XDG_STATE_HOME, HOME is set");
	if (!fits)
		return fault_set(fault, ERR_FAILED_PRECONDITION, "BAD_FOLDER", "the path of the state folder is too long");
	enum err err = use(path, fault);
	if (err == ERR_OK)
		memcpy(ret_path, path, sizeof path);
	return err;
}

bool places_find_dashboard(char ret_path[PATH_MAX])
{
	char program[PATH_MAX], path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	if (length <= 0)
		return false;
	program[length] = '\0';
	for (int i = 0; i < 2 && strrchr(program, '/') != NULL; i++)
		*strrchr(program, '/') = '\0';
	if (!write_path(path, program, "/share/progressd/dashboard/index.html") || access(path, R_OK) != 0)
		return false;
	*strrchr(path, '/') = '\0';
	memcpy(ret_path, path, sizeof path);
	return true;
}
