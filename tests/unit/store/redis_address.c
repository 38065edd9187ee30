/* URLs of Redis stores, and where passwords come from and where they do not go. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/redis_parts.h"

static struct redis_address read_good(const char *text, enum redis_way way)
{
	struct redis_address address;
	struct fault fault = {0};
	cr_assert_eq(redis_address_read(text, way, &address, &fault), ERR_OK, "%s: %s", text, fault.text);
	return address;
}

Test(redis_address_read, takes_a_host_alone)
{
	struct redis_address address = read_good("redis.example", REDIS_BY_HOST);
	cr_expect_str_eq(address.hosts[0].name, "redis.example");
	cr_expect_eq(address.hosts[0].port, 6379);
	cr_expect_str_eq(address.user, "");
	cr_expect_str_eq(address.password, "");
	cr_expect_eq(address.database, 0);
}

Test(redis_address_read, takes_everything_there_is)
{
	struct redis_address address =
	    read_good("worker:p%40ss%3aword@127.0.0.1:7000/3?prefix=stage:&replicas=2", REDIS_BY_HOST);
	cr_expect_str_eq(address.hosts[0].name, "127.0.0.1");
	cr_expect_eq(address.hosts[0].port, 7000);
	cr_expect_str_eq(address.user, "worker");
	cr_expect_str_eq(address.password, "p@ss:word");
	cr_expect_eq(address.database, 3);
	cr_expect_str_eq(address.prefix, "stage:");
	cr_expect_eq(address.replicas, 2);
}

Test(redis_address_read, takes_an_address_of_ip_version_6)
{
	struct redis_address address = read_good("[::1]:7001", REDIS_BY_HOST);
	cr_expect_str_eq(address.hosts[0].name, "::1");
	cr_expect_eq(address.hosts[0].port, 7001);
}

Test(redis_address_read, takes_sentinels_and_the_name_of_their_master)
{
	struct redis_address address = read_good("u:secret@one,two:7000,[::1]:7001/main/4?prefix=p", REDIS_BY_SENTINEL);
	cr_assert_eq(address.host_count, 3);
	cr_expect_str_eq(address.hosts[0].name, "one");
	cr_expect_eq(address.hosts[0].port, 26379);
	cr_expect_str_eq(address.hosts[1].name, "two");
	cr_expect_eq(address.hosts[1].port, 7000);
	cr_expect_str_eq(address.hosts[2].name, "::1");
	cr_expect_eq(address.hosts[2].port, 7001);
	cr_expect_str_eq(address.master, "main");
	cr_expect_eq(address.database, 4);
	cr_expect_str_eq(address.prefix, "p");
}

Test(redis_address_read, refuses_sentinels_without_a_master)
{
	static const char *const texts[] = {
	    "one,two", "one/", "one,,two/main", "/main", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q/main", "one:0/main"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct redis_address address;
		struct fault fault = {0};
		cr_expect_eq(redis_address_read(texts[i], REDIS_BY_SENTINEL, &address, &fault), ERR_INVALID_ARGUMENT, "%s",
		             texts[i]);
	}
}

Test(redis_address_read, takes_some_nodes_of_a_cluster)
{
	struct redis_address address = read_good("worker:secret@one,two:7000/?prefix=p:&replicas=1", REDIS_BY_CLUSTER);
	cr_expect_eq(address.host_count, 2);
	cr_expect_eq(address.hosts[0].port, 6379);
	cr_expect_eq(address.hosts[1].port, 7000);
	cr_expect_str_eq(address.prefix, "p:");
	cr_expect_eq(address.replicas, 1);
}

Test(redis_address_read, refuses_databases_and_braces_in_a_cluster)
{
	static const char *const texts[] = {"one/3", "one?database=3", "one?prefix={x}", "", "one,,two", "one/main"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct redis_address address;
		struct fault fault = {0};
		cr_expect_eq(redis_address_read(texts[i], REDIS_BY_CLUSTER, &address, &fault), ERR_INVALID_ARGUMENT, "%s",
		             texts[i]);
	}
}

Test(redis_address_read, takes_the_path_of_a_socket)
{
	struct redis_address address = read_good(":secret@/run/redis.sock?database=2", REDIS_BY_SOCKET);
	cr_expect_str_eq(address.path, "/run/redis.sock");
	cr_expect_str_eq(address.password, "secret");
	cr_expect_eq(address.database, 2);
}

Test(redis_address_read, refuses_what_is_none_and_never_says_the_password)
{
	static const char *const texts[] = {
	    "",
	    ":6379",
	    "host:0",
	    "host:65536",
	    "host:x",
	    "host:",
	    "host/x",
	    "host/-1",
	    "host?colour=1",
	    "host?prefix",
	    "[::1",
	    "[::1]7001",
	    "host:1:2",
	    "u:secret@",
	    "u:secret%@h",
	    "u:sec%ret@h",
	    "host?replicas=17",
	    "u:secret%00@host",
	    "host?database=",
	    "ho%0ast",
	    "u:secret@host:99999",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct redis_address address;
		struct fault fault = {0};
		enum err err = redis_address_read(texts[i], REDIS_BY_HOST, &address, &fault);
		if (strcmp(texts[i], "host?prefix") == 0) {
			cr_expect_eq(err, ERR_OK, "an empty prefix is none");
			continue;
		}
		cr_expect_eq(err, ERR_INVALID_ARGUMENT, "%s", texts[i]);
		cr_expect_null(strstr(fault.text, "secret"), "%s", fault.text);
	}
}

Test(redis_address_read, takes_the_password_from_a_file)
{
	char path[] = "/tmp/redis_password.XXXXXX";
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "from a file\nmore\n", 17), 17);
	close(fd);
	setenv("PROGRESSD_REDIS_PASSWORD_FILE", path, 1);
	setenv("PROGRESSD_REDIS_PASSWORD", "from the environment", 1);
	cr_expect_str_eq(read_good("host", REDIS_BY_HOST).password, "from a file");
	cr_expect_str_eq(read_good(":own@host", REDIS_BY_HOST).password, "own", "the URL's own is the strongest");
	unlink(path);
	struct redis_address address;
	struct fault fault = {0};
	cr_expect_eq(redis_address_read("host", REDIS_BY_HOST, &address, &fault), ERR_INVALID_ARGUMENT);
	cr_expect_not_null(strstr(fault.text, path));
}

Test(redis_address_read, takes_the_password_from_the_environment)
{
	setenv("PROGRESSD_REDIS_PASSWORD", "from the environment", 1);
	cr_expect_str_eq(read_good("host", REDIS_BY_HOST).password, "from the environment");
}

static void expect_masked(const char *url, const char *masked)
{
	char text[100];
	store_mask_url(url, text, sizeof text);
	cr_expect_str_eq(text, masked);
}

Test(store_mask_url, hides_the_password_alone)
{
	expect_masked("redis://worker:secret@host:1/2?prefix=a", "redis://worker:***@host:1/2?prefix=a");
	expect_masked("redis://:secret@host", "redis://:***@host");
	expect_masked("redis+unix://u:secret@/run/redis.sock", "redis+unix://u:***@/run/redis.sock");
	expect_masked("redis://u:se/cr@et@host", "redis://u:***@host");
	expect_masked("redis://worker@host", "redis://worker@host");
	expect_masked("redis://host:7000", "redis://host:7000");
	expect_masked("file:/var/lib/a:b@c.db", "file:/var/lib/a:b@c.db");
	expect_masked("memory:", "memory:");
}

/* ---- what is published ---- */

static struct redis_message *read_message(const char *text)
{
	return redis_message_read(text, strlen(text), 0, "me");
}

Test(redis_message_read, reads_what_a_commit_publishes)
{
	struct redis_message *message = read_message("123456789012345678 42 me.7 job-1\nnews\nnews");
	cr_assert_not_null(message);
	cr_expect_eq(message->number, 123456789012345678);
	cr_expect_eq(message->news.row, 42);
	cr_expect(message->news.is_own);
	cr_expect_not(message->news.is_sign);
	cr_expect_str_eq(message->news.job_id, "job-1");
	cr_expect_eq(message->news.length, 9);
	cr_expect_eq(memcmp(message->news.bytes, "news\nnews", 9), 0);
	free(message);
}

Test(redis_message_read, knows_signs_and_others)
{
	struct redis_message *message = read_message("0 0 me2.0 j\n");
	cr_assert_not_null(message);
	cr_expect(message->news.is_sign);
	cr_expect_not(message->news.is_own);
	cr_expect_eq(message->news.length, 0);
	free(message);
}

Test(redis_message_read, refuses_what_is_none)
{
	static const char *const texts[] = {"",
	                                    "1",
	                                    "1 2 me.3 j",
	                                    "x 2 me.3 j\n",
	                                    " 2 me.3 j\n",
	                                    "1 -2 me.3 j\n",
	                                    "1 2 me.3 \n",
	                                    "1 2 me.3",
	                                    "1234567890123456789 2 me.3 j\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cr_expect_null(read_message(texts[i]), "%s", texts[i]);
}
