/* Decides what NNG is told by sendmsg and of operations that could not begin, and how many threads it starts for
 * callbacks. */
#include "rpc/nng_repairs.h"

#include <assert.h>
#include <errno.h>
#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

enum { THREADS_MAX = 16 };

struct nni_thr; /* NNG's own */

static int threads_wanted = 1;
static int threads_to_run; /* of those that are being started */
static bool is_starting_threads;
static _Thread_local nng_aio *not_begun; /* the operation that nni_aio_begin refused last in this thread */

/* The linker's names for the functions that are replaced and for what replaces them. */
ssize_t __real_sendmsg(int socket, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int socket, const struct msghdr *message, int flags);
int __wrap_nni_plat_ncpu(void);
int __real_nni_taskq_sys_init(void);
int __wrap_nni_taskq_sys_init(void);
void __real_nni_thr_run(struct nni_thr *thread);
void __wrap_nni_thr_run(struct nni_thr *thread);
int __real_nni_aio_begin(nng_aio *aio);
int __wrap_nni_aio_begin(nng_aio *aio);
void __real_nng_stream_recv(nng_stream *stream, nng_aio *aio);
void __wrap_nng_stream_recv(nng_stream *stream, nng_aio *aio);
void __real_nng_stream_send(nng_stream *stream, nng_aio *aio);
void __wrap_nng_stream_send(nng_stream *stream, nng_aio *aio);

void nng_repairs_set_threads(int count)
{
	assert(count >= 1 && count <= THREADS_MAX);
	threads_wanted = count;
}

void nng_repairs_require(void)
{
}

ssize_t __wrap_sendmsg(int socket, const struct msghdr *message, int flags)
{
	ssize_t sent = __real_sendmsg(socket, message, flags);
	if (sent < 0 && errno == EPIPE)
		errno = ECONNRESET;
	return sent;
}

/* NNG makes two threads for each processor. */
int __wrap_nni_plat_ncpu(void)
{
	return (threads_wanted + 1) / 2;
}

int __wrap_nni_taskq_sys_init(void)
{
	threads_to_run = threads_wanted;
	is_starting_threads = true;
	int code = __real_nni_taskq_sys_init();
	is_starting_threads = false;
	return code;
}

/* A thread that is made but not run waits until NNG ends, which knows of such threads. */
void __wrap_nni_thr_run(struct nni_thr *thread)
{
	if (is_starting_threads && threads_to_run-- <= 0)
		return;
	__real_nni_thr_run(thread);
}

int __wrap_nni_aio_begin(nng_aio *aio)
{
	int code = __real_nni_aio_begin(aio);
	if (code != 0)
		not_begun = aio;
	return code;
}

/* Ends the operation for whoever waits for it if it was refused since not_begun was cleared. */
static void end_if_not_begun(nng_aio *aio)
{
	if (not_begun == aio)
		nng_aio_finish(aio, NNG_ECANCELED);
	not_begun = NULL;
}

void __wrap_nng_stream_recv(nng_stream *stream, nng_aio *aio)
{
	not_begun = NULL;
	__real_nng_stream_recv(stream, aio);
	end_if_not_begun(aio);
}

void __wrap_nng_stream_send(nng_stream *stream, nng_aio *aio)
{
	not_begun = NULL;
	__real_nng_stream_send(stream, aio);
	end_if_not_begun(aio);
}
