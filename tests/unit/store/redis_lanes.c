/* Which keys lie together in a cluster. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "store/redis_cluster.h"
#include "support/random.h"

Test(redis_slot_of, is_that_of_redis)
{
	cr_expect_eq(redis_slot_of("123456789"), 0x31C3);
	cr_expect_eq(redis_slot_of("foo"), 12182);
	cr_expect_eq(redis_slot_of("a{foo}b"), 12182);
	cr_expect_neq(redis_slot_of("{}foo"), redis_slot_of("{}bar"), "empty braces part nothing");
}

Test(redis_lane_of, has_all_keys_of_a_job_in_one_slot)
{
	struct redis_address address = {.prefix = "stage:"};
	struct random random;
	random_start(&random, "redis_lane_of");
	for (int round = 0; round < 1000; round++) {
		char job_id[40], job[REDIS_KEY_BYTES], index[REDIS_KEY_BYTES], channel[REDIS_KEY_BYTES];
		snprintf(job_id, sizeof job_id, "job-%u", (unsigned)random_below(&random, 1u << 30));
		int lane = redis_lane_of(job_id);
		redis_lane_key(&address, "progress:", lane, job_id, job);
		redis_lane_key(&address, "progress-index:", lane, "rows", index);
		redis_lane_key(&address, "progress-changes:", lane, "", channel);
		cr_assert_eq(redis_slot_of(job), redis_slot_of_lane(lane));
		cr_assert_eq(redis_slot_of(index), redis_slot_of_lane(lane));
		cr_assert_eq(redis_slot_of(channel), redis_slot_of_lane(lane));
		cr_assert_eq(redis_lane_of_channel(channel), lane);
	}
}

Test(redis_lane_of, spreads_the_lanes_over_all_nodes)
{
	int counts[8] = {0};
	for (int lane = 0; lane < REDIS_LANES_MAX; lane++)
		counts[redis_slot_of_lane(lane) * 8 / REDIS_SLOTS]++;
	for (int i = 0; i < 8; i++)
		cr_expect(counts[i] >= 16 && counts[i] <= 64, "%d of %d", counts[i], REDIS_LANES_MAX);
}

Test(redis_lane_of_channel, knows_no_lane_of_other_channels)
{
	static const char *const texts[] = {"progress-changes", "progress-changes:{", "progress-changes:{zz}",
	                                    "progress-changes:{100}", "progress-changes:{-1}"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cr_expect_eq(redis_lane_of_channel(texts[i]), -1, "%s", texts[i]);
}

/* ---- redirections ---- */

static struct redis_reach reach;

static void start(void)
{
	static struct redis_address address;
	redis_reach_init(&reach, &address, 100);
	reach.owner[7] = reach.home[7] = redis_reach_node(&reach, &(struct redis_host){"one.example", 7000});
}

TestSuite(redis_reach_follow, .init = start);

static enum redis_redirection follow(const char *text, int *ret_node)
{
	char copy[200];
	snprintf(copy, sizeof copy, "%s", text);
	redisReply reply = {.type = REDIS_REPLY_ERROR, .str = copy, .len = strlen(copy)};
	*ret_node = REDIS_NO_NODE;
	return redis_reach_follow(&reach, 7, &reply, ret_node);
}

Test(redis_reach_follow, goes_where_a_slot_has_moved)
{
	int node;
	cr_expect_eq(follow("MOVED 3999 two.example:7001", &node), REDIS_MOVED);
	cr_expect_str_eq(reach.nodes[reach.owner[7]].master.name, "two.example");
	cr_expect_eq(reach.nodes[reach.owner[7]].master.port, 7001);
	cr_expect_eq(reach.home[7], reach.owner[7], "it was given away whole");
	cr_expect_eq(follow("MOVED 3999 :7002", &node), REDIS_MOVED);
	cr_expect_str_eq(reach.nodes[reach.owner[7]].master.name, "two.example", "the one who has answered");
}

Test(redis_reach_follow, does_not_trust_a_node_that_was_gone)
{
	int node, home = reach.home[7];
	reach.is_shaken[7] = true;
	cr_expect_eq(follow("MOVED 3999 two.example:7001", &node), REDIS_MOVED);
	cr_expect_eq(reach.home[7], home, "who takes over may lack something");
}

Test(redis_reach_follow, asks_once_where_a_slot_is_going)
{
	int node, owner = reach.owner[7];
	cr_expect_eq(follow("ASK 3999 ::1:7001", &node), REDIS_ASK);
	cr_expect_str_eq(reach.nodes[node].master.name, "::1");
	cr_expect_eq(reach.owner[7], owner);
}

Test(redis_reach_follow, waits_for_a_slot_on_its_way)
{
	int node;
	cr_expect_eq(follow("TRYAGAIN Multiple keys request during rehashing of slot", &node), REDIS_WAIT);
	cr_expect_eq(follow("ERR Script attempted to access a non local key in a cluster node script: f", &node),
	             REDIS_WAIT);
}

Test(redis_reach_follow, follows_no_nonsense)
{
	static const char *const texts[] = {"MOVED",         "MOVED ",          "MOVED 1",     "MOVED 1 two",
	                                    "MOVED 1 two:0", "ASK 1 two:99999", "ERR unknown", ""};
	int node, owner = reach.owner[7];
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cr_expect_eq(follow(texts[i], &node), REDIS_NOT_REDIRECTED, "%s", texts[i]);
	cr_expect_eq(reach.owner[7], owner);
}
