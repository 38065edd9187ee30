/* Where temporary files lie: a new folder for each run, so that two workers never meet and it may be removed whole. */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

bool folder_make(const char *path)
{
	char part[FOLDER_PATH_BYTES];
	if (strlen(path) >= sizeof part) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (const char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0777) && errno != EEXIST)
			return false;
	}
	if (mkdir(path, 0777) && errno != EEXIST)
		return false;
	struct stat found;
	if (stat(path, &found))
		return false;
	errno = ENOTDIR;
	return S_ISDIR(found.st_mode);
}

enum step folder_open(struct folder *folder, struct job *job, const char *parent)
{
	if (!*parent || !folder_make(parent))
		return job_fail(job, "cannot make the folder %s: %s", parent, strerror(errno));
	char *absolute = realpath(parent, NULL);
	char path[sizeof folder->path];
	int length = absolute ? snprintf(path, sizeof path, "%s/clip-worker.XXXXXX", absolute) : -1;
	free(absolute);
	if (length < 0 || (size_t)length >= sizeof path || !mkdtemp(path))
		return job_fail(job, "cannot make a folder in %s: %s", parent, strerror(errno));
	memcpy(folder->path, path, sizeof path);
	return STEP_DONE;
}

void folder_close(struct folder *folder, bool keep)
{
	if (!folder->path[0])
		return;
	if (keep) {
		log_line("temporary files are in %s", folder->path);
		return;
	}
	DIR *list = opendir(folder->path);
	char path[FOLDER_PATH_BYTES];
	for (struct dirent *entry; list && (entry = readdir(list));)
		if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN)
			unlink(folder_file(folder, entry->d_name, path));
	if (list)
		closedir(list);
	rmdir(folder->path);
	folder->path[0] = '\0';
}

const char *folder_file(const struct folder *folder, const char *name, char ret_path[FOLDER_PATH_BYTES])
{
	snprintf(ret_path, FOLDER_PATH_BYTES, "%s/%.*s", folder->path, 190, name);
	return ret_path;
}

FILE *folder_write(const struct folder *folder, struct job *job, const char *name)
{
	char path[FOLDER_PATH_BYTES];
	FILE *stream = fopen(folder_file(folder, name, path), "we");
	if (!stream)
		job_fail(job, "cannot write %s: %s", name, strerror(errno));
	return stream;
}

enum step folder_written(FILE *stream, struct job *job, const char *name)
{
	bool failed = ferror(stream);
	failed |= fclose(stream) != 0;
	return failed ? job_fail(job, "cannot write %s: %s", name, strerror(errno)) : STEP_DONE;
}
