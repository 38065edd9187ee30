/* How servers are started on free ports, made a cluster or watched by sentinels, and known to be ready. */
#include "redis_servers.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ftw.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 32, TRIES_MAX = 3000, TRY_NS = 10000000, SLOTS = 16384, TEXT_BYTES = 200 };

int redis_servers_free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int probe = socket(AF_INET, SOCK_STREAM, 0);
	assert(probe >= 0);
	int bound = bind(probe, (struct sockaddr *)&address, sizeof address);
	assert(bound == 0);
	getsockname(probe, (struct sockaddr *)&address, &length);
	close(probe);
	return ntohs(address.sin_port);
}

/* Starts one with further words of its command line, ended by NULL; returns its port. */
static int start(struct redis_servers *servers, const char *first, const char *const *options)
{
	char port[12];
	assert(servers->count < REDIS_SERVERS_MAX);
	servers->ports[servers->count] = redis_servers_free_port();
	snprintf(port, sizeof port, "%d", servers->ports[servers->count]);
	const char *words[WORDS_MAX] = {"redis-server", first};
	size_t count = first != NULL ? 2 : 1;
	const char *const common[] = {"--port",       port,     "--bind", "127.0.0.1", "--logfile",
	                              "/dev/null",    "--save", "",       "--dir",     servers->folder,
	                              "--appendonly", "no",     NULL};
	const char *const *lists[] = {first == NULL ? common : NULL, options};
	for (size_t list = 0; list < 2; list++)
		for (size_t i = 0; lists[list] != NULL && lists[list][i] != NULL; i++)
			words[count++] = lists[list][i];
	pid_t pid = fork();
	assert(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp("redis-server", (char *const *)(size_t)words);
		_exit(127);
	}
	servers->pids[servers->count] = pid;
	return servers->ports[servers->count++];
}

static void pause_shortly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = TRY_NS}, NULL);
}

static redisContext *connect_to(int port)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		redisContext *context = redisConnect("127.0.0.1", port);
		if (context != NULL && context->err == 0)
			return context;
		redisFree(context);
		pause_shortly();
	}
	assert(0 && "redis-server does not start");
	return NULL;
}

/* Asks until the answer has the text in it. */
static void ask_until(int port, const char *question, const char *text)
{
	redisContext *context = connect_to(port);
	for (int i = 0; i < TRIES_MAX; i++) {
		redisReply *reply = redisCommand(context, question);
		assert(reply != NULL);
		int is_there = reply->str != NULL && strstr(reply->str, text) != NULL;
		freeReplyObject(reply);
		if (is_there) {
			redisFree(context);
			return;
		}
		pause_shortly();
	}
	assert(0 && "redis-server does not become ready");
}

static void add_host(char *hosts, const char *comma, int port)
{
	size_t length = strlen(hosts);
	snprintf(hosts + length, TEXT_BYTES - length, "%s127.0.0.1:%d", comma, port);
}

static void start_cluster(struct redis_servers *servers, char *ret_hosts)
{
	char command[TEXT_BYTES];
	for (int i = 0; i < REDIS_SERVERS_MASTERS; i++) {
		char bus[12], name[40];
		snprintf(bus, sizeof bus, "%d", redis_servers_free_port());
		snprintf(name, sizeof name, "nodes-%d.conf", i);
		const char *const options[] = {
		    "--cluster-enabled", "yes", "--cluster-config-file", name, "--cluster-port", bus, NULL};
		int port = start(servers, NULL, options);
		snprintf(command, sizeof command, "CLUSTER ADDSLOTSRANGE %d %d", i * SLOTS / REDIS_SERVERS_MASTERS,
		         (i + 1) * SLOTS / REDIS_SERVERS_MASTERS - 1);
		ask_until(port, command, "OK");
		if (i > 0)
			snprintf(command, sizeof command, "CLUSTER MEET 127.0.0.1 %d %s", port, bus);
		if (i > 0)
			ask_until(servers->ports[0], command, "OK");
		add_host(ret_hosts, i > 0 ? "," : "", port);
	}
	for (int i = 0; i < REDIS_SERVERS_MASTERS; i++)
		ask_until(servers->ports[i], "CLUSTER INFO", "cluster_state:ok");
}

static void start_sentinels(struct redis_servers *servers, char *ret_hosts)
{
	char path[120];
	int master = start(servers, NULL, NULL);
	for (int i = 0; i < REDIS_SERVERS_SENTINELS; i++) {
		int port = redis_servers_free_port();
		snprintf(path, sizeof path, "%s/sentinel-%d.conf", servers->folder, i);
		FILE *file = fopen(path, "w");
		assert(file != NULL);
		fprintf(file, "port %d\nbind 127.0.0.1\nlogfile /dev/null\ndir %s\nsentinel monitor main 127.0.0.1 %d 2\n",
		        port, servers->folder, master);
		fclose(file);
		const char *const options[] = {"--sentinel", NULL};
		(void)start(servers, path, options);
		servers->ports[servers->count - 1] = port;
		ask_until(port, "INFO sentinel", "status=ok");
		add_host(ret_hosts, i > 0 ? "," : "", port);
	}
	size_t length = strlen(ret_hosts);
	snprintf(ret_hosts + length, TEXT_BYTES - length, "/main");
}

void redis_servers_start(struct redis_servers *servers)
{
	char cluster[TEXT_BYTES] = "", sentinels[TEXT_BYTES] = "";
	*servers = (struct redis_servers){.count = 0};
	snprintf(servers->folder, sizeof servers->folder, "/tmp/test_redis_servers.XXXXXX");
	char *folder = mkdtemp(servers->folder);
	assert(folder != NULL);
	start_cluster(servers, cluster);
	start_sentinels(servers, sentinels);
	setenv(REDIS_SERVERS_CLUSTER, cluster, 1);
	setenv(REDIS_SERVERS_SENTINEL, sentinels, 1);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
	(void)about;
	(void)kind;
	(void)place;
	return remove(path);
}

void redis_servers_stop(struct redis_servers *servers)
{
	for (size_t i = 0; i < servers->count; i++) {
		kill(servers->pids[i], SIGKILL);
		waitpid(servers->pids[i], NULL, 0);
	}
	nftw(servers->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
