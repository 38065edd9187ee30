/* Each stream has a thread of its own, so that a reader of one that is slow does not hold up the other. A signal that
 * is passed on goes straight from the handler to the command. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"

enum { QUIET_MS = 200, BUFFER_BYTES = 65536, GRACE_SECONDS = 1 };

static atomic_int running; /* process id of the command; 0: it does not run yet, or has ended */
static atomic_int stopped; /* the last signal that was to end it, perhaps before it ran; 0: none */

static void pass_signal(int number)
{
	atomic_store(&stopped, number);
	pid_t pid = atomic_load(&running);
	if (pid != 0)
		kill(pid, number);
}

/* What the terminal sends has reached the command already: it is in the same group. */
static void take_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	int saved = errno;
	if (info->si_code != SI_KERNEL)
		pass_signal(number);
	else
		atomic_store(&stopped, number);
	errno = saved;
}

void child_stop(void)
{
	pass_signal(SIGTERM);
}

int child_stop_signal(void)
{
	return atomic_load(&stopped);
}

/* A signal that is ignored stays ignored, here and in the command. */
static void catch_signal(int number)
{
	struct sigaction old;
	if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return;
	struct sigaction action = {.sa_sigaction = take_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	sigaction(number, &action, NULL);
}

static void catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		catch_signal(numbers[i]);
}

static bool write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);
		if (written < 0 && errno == EAGAIN) {
			struct pollfd writable = {.fd = fd, .events = POLLOUT};
			poll(&writable, 1, -1);
		} else if (written < 0 && errno != EINTR) {
			return false;
		} else if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
	return true;
}

/* Passes a stream on until it ends. When nobody reads it any more it is closed, so that the command notices. */
static void *pass_on(void *context)
{
	struct child_stream *stream = context;
	struct child *child = stream->child;
	char buffer[BUFFER_BYTES];
	bool is_quiet = true;
	for (;;) {
		struct pollfd readable = {.fd = stream->from, .events = POLLIN};
		if (poll(&readable, 1, is_quiet ? -1 : QUIET_MS) == 0) {
			child->reader(stream->to, "", 0, child->context);
			is_quiet = true;
			continue;
		}
		ssize_t count = read(stream->from, buffer, sizeof(buffer));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0 || !write_all(stream->to, buffer, (size_t)count))
			break;
		child->reader(stream->to, buffer, (size_t)count, child->context);
		is_quiet = false;
	}
	close(stream->from);
	child->reader(stream->to, "", 0, child->context);
	return NULL;
}

static int launch(pid_t *ret_pid, char **command, int out, int err, bool ignored_pipe_signal)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
	sigset_t defaults;
	sigemptyset(&defaults);
	if (!ignored_pipe_signal)
		sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	int error = posix_spawnp(ret_pid, command[0], &actions, &attributes, command, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static void start_stream(struct child *child, int index, int from)
{
	struct child_stream *stream = &child->streams[index];
	*stream = (struct child_stream){.child = child, .from = from, .to = STDOUT_FILENO + index};
	if (pthread_create(&stream->thread, NULL, pass_on, stream) != 0) {
		fputs("prg: no thread could be started\n", stderr);
		exit(EXIT_REFUSED);
	}
}

int child_start(struct child *child, char **command, child_reader_fn *reader, void *context)
{
	*child = (struct child){.reader = reader, .context = context};
	int out[2], err[2];
	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		return errno;
	signal(SIGCHLD, SIG_DFL); /* ignored, it would take the exit status away */
	bool ignored_pipe_signal = signal(SIGPIPE, SIG_IGN) == SIG_IGN;
	catch_signals();
	pid_t pid;
	int error = launch(&pid, command, out[1], err[1], ignored_pipe_signal);
	close(out[1]);
	close(err[1]);
	if (error != 0) {
		close(out[0]);
		close(err[0]);
		return error;
	}
	atomic_store(&running, pid);
	if (atomic_load(&stopped) != 0)
		kill(pid, atomic_load(&stopped));
	start_stream(child, 0, out[0]);
	start_stream(child, 1, err[0]);
	return 0;
}

/* Output that a process left behind by the command may still make is passed on for a short time only. */
static void join_streams(struct child *child)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += GRACE_SECONDS;
	for (int i = 0; i < 2; i++)
		pthread_timedjoin_np(child->streams[i].thread, NULL, &until);
}

/* The process id stays taken until nobody sends signals to it any more. */
int child_wait(struct child *child)
{
	pid_t pid = atomic_load(&running);
	siginfo_t info;
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
		continue;
	atomic_store(&running, 0);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	join_streams(child);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
