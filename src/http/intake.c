/* A sieve for each socket, found by its number. */
#include "http/intake.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "http/sieve.h"

enum {
	SOCKETS_DEFAULT = 1 << 20,
	ANSWER_BYTES_MAX = 1024,
	ROUNDS_MAX = 16, /* of reading at once; what is left then belongs to a connection that will be closed */
};

ssize_t __real_recv(int socket_fd, void *out, size_t room, int flags);
ssize_t __wrap_recv(int socket_fd, void *out, size_t room, int flags);
ssize_t __real_gnutls_record_recv(gnutls_session_t session, void *out, size_t room);
ssize_t __wrap_gnutls_record_recv(gnutls_session_t session, void *out, size_t room);

static struct sieve **sieves; /* by socket; each entry belongs to the thread that reads that socket */
static size_t sieve_count;

bool intake_init(void)
{
	if (sieves != NULL)
		return true;
	struct rlimit limit;
	bool is_known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < SOCKETS_DEFAULT;
	sieve_count = is_known ? (size_t)limit.rlim_max : SOCKETS_DEFAULT;
	sieves = calloc(sieve_count, sizeof *sieves);
	return sieves != NULL;
}

bool intake_open(int socket_fd)
{
	if (socket_fd < 0 || (size_t)socket_fd >= sieve_count)
		return false;
	sieves[socket_fd] = calloc(1, sizeof **sieves);
	return sieves[socket_fd] != NULL;
}

void intake_close(int socket_fd)
{
	if (socket_fd < 0 || (size_t)socket_fd >= sieve_count || sieves[socket_fd] == NULL)
		return;
	sieve_finish(sieves[socket_fd]);
	free(sieves[socket_fd]);
	sieves[socket_fd] = NULL;
}

static struct sieve *find_sieve(int socket_fd)
{
	return socket_fd >= 0 && (size_t)socket_fd < sieve_count ? sieves[socket_fd] : NULL;
}

/* Where bytes come from. */
struct source {
	int socket_fd;
	gnutls_session_t session; /* NULL: plain */
	int flags;
};

static ssize_t receive(const struct source *source, void *out, size_t room)
{
	if (source->session != NULL)
		return __real_gnutls_record_recv(source->session, out, room);
	return __real_recv(source->socket_fd, out, room, source->flags);
}

/* What is called when there is nothing to read now. */
static ssize_t nothing_now(const struct source *source)
{
	errno = EAGAIN;
	return source->session != NULL ? GNUTLS_E_AGAIN : -1;
}

/* Answers a request whose body is broken, and ends the connection. */
static ssize_t break_off(const struct source *source, enum refusal refusal)
{
	char answer[ANSWER_BYTES_MAX];
	size_t length = refusal_write(refusal, answer, sizeof answer);
	/* Whoever sends such a body may miss the answer. */
	if (source->session != NULL)
		(void)!gnutls_record_send(source->session, answer, length);
	else
		(void)!send(source->socket_fd, answer, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	return 0;
}

/* Fills `out` as far as it goes: the library takes a short read for a sign that there is nothing more to come now. */
static ssize_t receive_sifted(const struct source *source, struct sieve *sieve, char *out, size_t room)
{
	bool is_good = true;
	size_t filled = sieve_take(sieve, out, room);
	for (int round = 0; filled < room && is_good && round < ROUNDS_MAX; round++) {
		size_t wanted = room - filled;
		ssize_t length = receive(source, out + filled, wanted);
		if (length <= 0 && filled == 0)
			return length;
		if (length <= 0)
			break;
		filled += sieve_sift(sieve, out + filled, (size_t)length, wanted, &is_good);
		if (sieve->broken != REFUSAL_NONE)
			return break_off(source, sieve->broken);
		/* A stream socket that gives less than it might is empty; TLS gives record by record. */
		if (source->session == NULL && (size_t)length < wanted)
			break;
	}
	if (filled > 0)
		return (ssize_t)filled;
	return is_good ? nothing_now(source) : 0;
}

ssize_t __wrap_recv(int socket_fd, void *out, size_t room, int flags)
{
	struct sieve *sieve = find_sieve(socket_fd);
	struct source source = {.socket_fd = socket_fd, .flags = flags};
	return sieve != NULL ? receive_sifted(&source, sieve, out, room) : receive(&source, out, room);
}

ssize_t __wrap_gnutls_record_recv(gnutls_session_t session, void *out, size_t room)
{
	struct source source = {.socket_fd = gnutls_transport_get_int(session), .session = session};
	struct sieve *sieve = find_sieve(source.socket_fd);
	return sieve != NULL ? receive_sifted(&source, sieve, out, room) : receive(&source, out, room);
}
