/*
 * How NNG 1.5.2 is made fit to live in other people's programs. The library is linked with --wrap for these names, so
 * that the static NNG inside it takes them from here:
 *
 * - stdout, stderr: NNG speaks to the terminal before it ends the process; a library must not. Its own variables, being
 *   wrapped, also let the archive, which was not compiled for shared libraries, be linked into one.
 * - sendmsg: when the service goes away in the middle of the handshake, NNG takes EPIPE for "we have closed it" and
 *   never dials again. ECONNRESET is understood.
 * - nni_aio_begin, nng_stream_recv, nng_stream_send: when a connection is closed while a message has come in half, NNG
 *   starts to read the other half by an operation that it has stopped already; this is refused without a word, its end
 *   is waited for in vain, and no connection of the process can be cleared away or made again. Here it gets its end.
 * - nni_plat_ncpu: NNG starts threads by the number of processors, dozens on a large machine. A client needs few.
 * - nni_taskq_sys_init, nni_thr_run: of the two threads that NNG starts at least for its callbacks one stays parked.
 * Two take the work from each other at every message, which costs more than it brings.
 */
#include "nng_repairs.h"

#include <errno.h>
#include <nng/nng.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
int __real_nni_aio_begin(nng_aio *aio);
void __real_nng_stream_recv(nng_stream *stream, nng_aio *aio);
void __real_nng_stream_send(nng_stream *stream, nng_aio *aio);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
int __wrap_nni_aio_begin(nng_aio *aio);
void __wrap_nng_stream_recv(nng_stream *stream, nng_aio *aio);
void __wrap_nng_stream_send(nng_stream *stream, nng_aio *aio);
int __wrap_nni_plat_ncpu(void);
int __real_nni_taskq_sys_init(void);
int __wrap_nni_taskq_sys_init(void);
void __real_nni_thr_run(void *thread);
void __wrap_nni_thr_run(void *thread);

/* NNG's own. */
void nni_aio_finish_error(nng_aio *aio, int error);

FILE *__wrap_stdout;
FILE *__wrap_stderr;

static _Thread_local nng_aio *refused; /* the latest operation of this thread that could not begin */
static _Thread_local struct {
	bool is_starting; /* NNG starts its task threads in this thread */
	bool has_one;
} tasks;

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t sent = __real_sendmsg(fd, message, flags);
	if (sent < 0 && errno == EPIPE)
		errno = ECONNRESET;
	return sent;
}

int __wrap_nni_aio_begin(nng_aio *aio)
{
	int rv = __real_nni_aio_begin(aio);
	if (rv != 0)
		refused = aio;
	return rv;
}

void __wrap_nng_stream_recv(nng_stream *stream, nng_aio *aio)
{
	refused = NULL;
	__real_nng_stream_recv(stream, aio);
	if (refused == aio)
		nni_aio_finish_error(aio, NNG_ECLOSED);
}

void __wrap_nng_stream_send(nng_stream *stream, nng_aio *aio)
{
	refused = NULL;
	__real_nng_stream_send(stream, aio);
	if (refused == aio)
		nni_aio_finish_error(aio, NNG_ECLOSED);
}

int __wrap_nni_plat_ncpu(void)
{
	return 1;
}

int __wrap_nni_taskq_sys_init(void)
{
	tasks.is_starting = true;
	tasks.has_one = false;
	int rv = __real_nni_taskq_sys_init();
	tasks.is_starting = false;
	return rv;
}

/* A thread that is never let run ends when NNG stops it, as one that runs does. */
void __wrap_nni_thr_run(void *thread)
{
	if (tasks.is_starting && tasks.has_one)
		return;
	tasks.has_one = true;
	__real_nni_thr_run(thread);
}

/* A stream that swallows everything and needs no file. */
static void open_sink(void)
{
	FILE *sink = fopencookie(NULL, "w", (cookie_io_functions_t){0});
	__wrap_stdout = sink;
	__wrap_stderr = sink;
}

bool nng_repairs_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, open_sink);
	return __wrap_stdout != NULL;
}
