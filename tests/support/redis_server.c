/* How the server is started, and known to be ready: by its own log. */
#include "redis_server.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 32 };

static _Noreturn void become_server(const char *folder, const char *const *options, int log_fd)
{
	char socket_path[100];
	snprintf(socket_path, sizeof socket_path, "%s/redis.sock", folder);
	const char *words[WORDS_MAX] = {"redis-server", "--port", "0", "--unixsocket", socket_path, "--dir",
	                                folder,         "--save", "",  "--appendonly", "no"};
	size_t count = 11;
	for (size_t i = 0; options != NULL && options[i] != NULL && count + 1 < WORDS_MAX; i++)
		words[count++] = options[i];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(log_fd, STDOUT_FILENO);
	execvp("redis-server", (char *const *)(size_t)words);
	_exit(127);
}

/* Whether the log says that the server is ready before it ends. */
static int is_ready(FILE *log)
{
	char line[500];
	while (fgets(line, sizeof line, log) != NULL)
		if (strstr(line, "eady to accept connections") != NULL)
			return 1;
	return 0;
}

void redis_server_start(struct redis_server *server, const char *folder, const char *const *options)
{
	int ends[2];
	int made = pipe(ends);
	assert(made == 0);
	snprintf(server->folder, sizeof server->folder, "%s", folder);
	server->pid = fork();
	assert(server->pid >= 0);
	if (server->pid == 0)
		become_server(folder, options, ends[1]);
	close(ends[1]);
	FILE *log = fdopen(ends[0], "r");
	assert(log != NULL);
	int is_started = is_ready(log);
	fclose(log);
	assert(is_started && "redis-server does not start");
}

void redis_server_kill(struct redis_server *server)
{
	char path[100];
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	snprintf(path, sizeof path, "%s/redis.sock", server->folder);
	unlink(path);
}
