/* Closing in the first moments of a connection; what is lost then, a sanitizer finds. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <prg/prg.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 100 };

static const uint8_t greeting[] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};

/* Greets who comes and waits until he has gone, one after the other, until the listener is shut down. */
static void *greet(void *argument)
{
	int listener = *(int *)argument, peer;
	char ignored[64];
	while ((peer = accept(listener, NULL, NULL)) >= 0) {
		if (send(peer, greeting, sizeof greeting, MSG_NOSIGNAL) > 0)
			while (read(peer, ignored, sizeof ignored) > 0)
				continue;
		close(peer);
	}
	return NULL;
}

Test(prg_close, loses_nothing_in_the_middle_of_connecting, .timeout = 60)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(listener, (const struct sockaddr *)&address, bytes), 0);
	cr_assert_eq(listen(listener, 16), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &bytes), 0);
	pthread_t thread;
	cr_assert_eq(pthread_create(&thread, NULL, greet, &listener), 0);
	char url[64];
	snprintf(url, sizeof url, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
	for (int round = 0; round < ROUNDS; round++) {
		struct prg_client *client;
		cr_assert_eq(prg_open(url, NULL, &client), PRG_OK);
		prg_close(client);
	}
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
}
