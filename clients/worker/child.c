/* How other programs are started and ended: in a process group of their own, so that Ctrl-C reaches only us; killed
 * at once when they are not wanted, for all they write is thrown away then; with pipes for all they print, so that
 * they end by themselves should we die. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lines.h"

enum { LOOK_MS = 100 }; /* how often we look whether the job must stop */

struct run {
	struct job *job;
	const struct child *child;
	pid_t pid;
	struct pollfd streams[2]; /* output and errors; fd -1: over */
	struct lines errors;
	char last_error[256];
};

static void keep_error(void *context, const char *line)
{
	struct run *run = context;
	strncpy(run->last_error, line, sizeof run->last_error - 1);
}

static int spawn(struct run *run, int output, int errors)
{
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	sigset_t defaults, none;
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (run->child->folder)
		posix_spawn_file_actions_addchdir_np(&actions, run->child->folder);
	/* posix_spawn wants char *const[] and changes nothing */
	union {
		const char *const *in;
		char *const *out;
	} argv = {.in = run->child->argv};
	int error = posix_spawnp(&run->pid, argv.in[0], &actions, &attributes, argv.out, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

static enum step start(struct run *run)
{
	int output[2], errors[2];
	if (pipe2(output, O_CLOEXEC))
		return job_fail(run->job, "no pipe: %s", strerror(errno));
	if (pipe2(errors, O_CLOEXEC)) {
		close(output[0]);
		close(output[1]);
		return job_fail(run->job, "no pipe: %s", strerror(errno));
	}
	int error = spawn(run, output[1], errors[1]);
	close(output[1]);
	close(errors[1]);
	run->streams[0] = (struct pollfd){.fd = output[0], .events = POLLIN};
	run->streams[1] = (struct pollfd){.fd = errors[0], .events = POLLIN};
	if (error)
		return job_fail(run->job, "cannot run %s: %s", run->child->argv[0], strerror(error));
	job_guard(run->job, run->pid);
	return STEP_DONE;
}

static void close_stream(struct pollfd *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

static enum step read_stream(struct run *run, struct pollfd *stream)
{
	char bytes[65536];
	ssize_t size = read(stream->fd, bytes, sizeof bytes);
	if (size < 0 && errno == EINTR)
		return STEP_DONE;
	if (size <= 0) {
		close_stream(stream);
		return STEP_DONE;
	}
	if (stream == &run->streams[0])
		return run->child->take(run->child->context, bytes, (size_t)size);
	lines_feed(&run->errors, bytes, (size_t)size);
	return STEP_DONE;
}

static enum step read_all(struct run *run)
{
	enum step step = STEP_DONE;
	while (step == STEP_DONE && (run->streams[0].fd >= 0 || run->streams[1].fd >= 0)) {
		int ready = poll(run->streams, 2, LOOK_MS);
		if (ready < 0 && errno != EINTR)
			return job_fail(run->job, "poll: %s", strerror(errno));
		for (size_t i = 0; i < 2 && ready > 0 && step == STEP_DONE; i++)
			if (run->streams[i].fd >= 0 && run->streams[i].revents)
				step = read_stream(run, &run->streams[i]);
		if (step == STEP_DONE && job_must_stop(run->job))
			step = STEP_STOPPED;
	}
	lines_end(&run->errors);
	return step;
}

/* Its number stays taken until nobody kills it any more. */
static int wait_for_end(struct run *run)
{
	siginfo_t info;
	while (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOWAIT) && errno == EINTR)
		;
	job_guard(run->job, 0);
	int status = 0;
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static enum step reap(struct run *run, enum step step)
{
	if (step != STEP_DONE)
		kill(-run->pid, SIGKILL);
	int status = wait_for_end(run);
	bool is_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (step == STEP_STOPPED || (step == STEP_DONE && !is_well && job_must_stop(run->job)))
		return job_stop(run->job); /* only now: it may have to wait for the service */
	if (step != STEP_DONE || is_well)
		return step;
	if (WIFSIGNALED(status))
		return job_fail(run->job, "%s was ended by signal %d", run->child->argv[0], WTERMSIG(status));
	return job_fail(run->job, "%s failed: %s", run->child->argv[0],
	                run->last_error[0] ? run->last_error : "it gave no reason");
}

enum step child_run(struct job *job, const struct child *child)
{
	struct run run = {.job = job, .child = child, .streams = {{.fd = -1}, {.fd = -1}}};
	run.errors = (struct lines){.take = keep_error, .context = &run};
	enum step step = start(&run);
	if (step == STEP_DONE)
		step = reap(&run, read_all(&run));
	close_stream(&run.streams[0]);
	close_stream(&run.streams[1]);
	return step;
}
