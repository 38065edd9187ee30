/*
 * What Redis does in one piece. The rules are not here: a put is made if the revision is still the expected one.
 *
 * A put that was made already under the same name (its process and number) is not made again but answered alike: so it
 * can be repeated when an answer was lost. Numbers that may be above 2^53 stay texts, because Lua counts in doubles.
 */
#include "store/redis_parts.h"

/* The script that puts, in two forms. KEYS: job, changes. ARGV: 1 index prefix, 2 channel, 3 name of the put, 4
 * expected revision, 5 first number of changes, 6 news, 7 job_id, 8 "put" or "remove", 9 state, 10 expires_ms, 11
 * parent; from `first_field` on the fields to set; the last six are those that never change. Gives {row (-1: a
 * conflict, -2: one because there is no job), number}. `look` may end it before anything is changed, `new_row` gives a
 * new job its row. */
#define PUT_TEXT(look, new_row, first_field, publish)                                                                  \
	"local key, index = KEYS[1], ARGV[1]\n"                                                                            \
	"local was = redis.call('HMGET', key, 'revision', 'put', 'row', 'state', 'parent', 'expires_ms')\n"                \
	"local function number() return redis.call('GET', KEYS[2]) or '0' end\n"                                           \
	"if was[2] == ARGV[3] then return {was[3], number()} end\n"                                                        \
	"if (was[1] or '0') ~= ARGV[4] then return {was[1] and '-1' or '-2', number()} end\n"                              \
	"local job, state, row = ARGV[7], ARGV[9], was[3]\n" look "local changes = redis.call('INCR', KEYS[2])\n"          \
	"if changes == 1 then\n"                                                                                           \
	"  redis.call('SET', KEYS[2], ARGV[5])\n"                                                                          \
	"  changes = ARGV[5]\n"                                                                                            \
	"else\n"                                                                                                           \
	"  changes = string.format('%.0f', changes)\n"                                                                     \
	"end\n"                                                                                                            \
	"if ARGV[8] == 'remove' then\n"                                                                                    \
	"  redis.call('DEL', key)\n"                                                                                       \
	"  redis.call('ZREM', index .. 'rows', job)\n"                                                                     \
	"  redis.call('ZREM', index .. 'state:' .. was[4], job)\n"                                                         \
	"  redis.call('ZREM', index .. 'expiry', job)\n"                                                                   \
	"  if was[5] ~= '' then redis.call('ZREM', index .. 'parent:' .. was[5], job) end\n"                               \
	"else\n"                                                                                                           \
	"  local last = #ARGV\n"                                                                                           \
	"  if row then\n"                                                                                                  \
	"    last = last - 6\n"                                                                                            \
	"  else\n" new_row "    redis.call('ZADD', index .. 'rows', row, job)\n"                                           \
	"    if ARGV[11] ~= '' then redis.call('ZADD', index .. 'parent:' .. ARGV[11], row, job) end\n"                    \
	"  end\n"                                                                                                          \
	"  redis.call('HSET', key, 'row', row, 'put', ARGV[3], unpack(ARGV, " first_field ", last))\n"                     \
	"  if was[4] ~= state then\n"                                                                                      \
	"    if was[4] then redis.call('ZREM', index .. 'state:' .. was[4], job) end\n"                                    \
	"    redis.call('ZADD', index .. 'state:' .. state, row, job)\n"                                                   \
	"  end\n"                                                                                                          \
	"  if ARGV[10] ~= '0' then\n"                                                                                      \
	"    if was[6] ~= ARGV[10] then redis.call('ZADD', index .. 'expiry', ARGV[10], job) end\n"                        \
	"  elseif was[6] and was[6] ~= '0' then\n"                                                                         \
	"    redis.call('ZREM', index .. 'expiry', job)\n"                                                                 \
	"  end\n"                                                                                                          \
	"end\n"                                                                                                            \
	"redis.call('" publish "', ARGV[2], changes .. ' ' .. row .. ' ' .. ARGV[3] .. ' ' .. job .. '\\n' .. ARGV[6])\n"  \
	"return {row, changes}\n"

static const char put_text[] =
    PUT_TEXT("", "    row = string.format('%.0f', redis.call('INCR', index .. 'row'))\n", "12", "PUBLISH");

/* Of a cluster. Further KEYS are all that it may change besides: a server that is giving the lane away then refuses it
 * before it has begun, or, for the two that only the job names, at `look`. ARGV 12 is the row of a new job; it must be
 * above those of its lane. */
static const char lane_put_text[] =
    PUT_TEXT("if was[4] and was[4] ~= state then redis.call('EXISTS', index .. 'state:' .. was[4]) end\n"
             "if ARGV[8] == 'remove' then redis.call('EXISTS', index .. 'parent:' .. was[5]) end\n",
             "    row = tonumber(ARGV[12])\n"
             "    local latest = tonumber(redis.call('GET', index .. 'row') or '0')\n"
             "    if row <= latest then row = latest + 256 end\n"
             "    row = string.format('%.0f', row)\n"
             "    redis.call('SET', index .. 'row', row)\n",
             "13", "SPUBLISH");

/* KEYS: changes, then jobs. Gives {number, {row, revision, record}, ...}. */
static const char lane_load_text[] = "local reply = {redis.call('GET', KEYS[1]) or '0'}\n"
                                     "for i = 2, #KEYS do\n"
                                     "  reply[i] = redis.call('HMGET', KEYS[i], 'row', 'revision', 'record')\n"
                                     "end\n"
                                     "return reply\n";

/* KEYS: store, changes. ARGV: a name for the store, and its first number of changes, if it has none. Gives both. */
static const char lane_about_text[] = "redis.call('SET', KEYS[1], ARGV[1], 'NX')\n"
                                      "redis.call('SET', KEYS[2], ARGV[2], 'NX')\n"
                                      "return {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])}\n";

/* The fields of a record, in the order that redis_records.c reads them. */
#define FIELDS                                                                                                         \
	"'row', 'revision', 'stage', 'state', 'progress', 'pipeline', 'parent', 'message', 'created_ms', 'updated_ms', "   \
	"'ended_ms', 'expires_ms', 'record'"

/* KEYS: changes, then the sorted sets to look through, by row. ARGV: 1 prefix of jobs, 2 before which row, 3 how many
 * to look at, 4 how many to give, 5 states, 6 stages (as ",1,2,", empty: all), 7 pipeline, 8 parent, 9 prefix of the
 * job_id (empty: all), 10 how many bytes to give. Gives {number, next row (0: no more), job_id, record, ...}. */
static const char list_text[] =
    "local jobs, scan, limit, bytes = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[10])\n"
    "local found, has_more = {}, false\n"
    "for i = 2, #KEYS do\n"
    "  local part = redis.call('ZREVRANGEBYSCORE', KEYS[i], ARGV[2], '-inf', 'WITHSCORES', 'LIMIT', 0, scan)\n"
    "  has_more = has_more or #part == 2 * scan\n"
    "  for k = 1, #part, 2 do found[#found + 1] = {part[k], tonumber(part[k + 1])} end\n"
    "end\n"
    "if #KEYS > 2 then table.sort(found, function(a, b) return a[2] > b[2] end) end\n"
    "local function passes(set, number) return set == '' or string.find(set, ',' .. number .. ',', 1, true) end\n"
    "local function is(wanted, text) return wanted == '' or wanted == text end\n"
    "local reply, next_row, given, seen = {redis.call('GET', KEYS[1]) or '0', '0'}, 0, 0, 0\n"
    "for _, item in ipairs(found) do\n"
    "  if seen == scan or given == limit or bytes <= 0 then break end\n"
    "  seen = seen + 1\n"
    "  next_row = item[2]\n"
    "  local job = item[1]\n"
    "  if ARGV[9] == '' or string.sub(job, 1, #ARGV[9]) == ARGV[9] then\n"
    "    local about = redis.call('HMGET', jobs .. job, 'state', 'stage', 'pipeline', 'parent')\n"
    "    if about[1] and passes(ARGV[5], about[1]) and passes(ARGV[6], about[2]) and is(ARGV[7], about[3]) and\n"
    "        is(ARGV[8], about[4]) then\n"
    "      local record = redis.call('HMGET', jobs .. job, " FIELDS ")\n"
    "      given = given + 1\n"
    "      bytes = bytes - #record[#record]\n"
    "      reply[#reply + 1] = job\n"
    "      reply[#reply + 1] = record\n"
    "    end\n"
    "  end\n"
    "end\n"
    "if seen < #found or has_more then reply[2] = string.format('%.0f', next_row) end\n"
    "return reply\n";

/* KEYS: expiry. ARGV: 1 prefix of jobs, 2 up to when, 3 how many. Gives {"0", "0", job_id, record, ...}. */
static const char expired_text[] =
    "local reply = {'0', '0'}\n"
    "for _, job in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])) do\n"
    "  local record = redis.call('HMGET', ARGV[1] .. job, " FIELDS ")\n"
    "  if record[1] then\n"
    "    reply[#reply + 1] = job\n"
    "    reply[#reply + 1] = record\n"
    "  end\n"
    "end\n"
    "return reply\n";

/* KEYS: note. ARGV: 1 expected revision, 2 the next one, 3 the note. Gives 1, or 0: a conflict. A note that was put
 * already is not put again. */
static const char note_text[] = "local was = redis.call('HMGET', KEYS[1], 'revision', 'note')\n"
                                "if was[1] == ARGV[2] and was[2] == ARGV[3] then return 1 end\n"
                                "if (was[1] or '0') ~= ARGV[1] then return 0 end\n"
                                "redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'note', ARGV[3])\n"
                                "return 1\n";

const char *const redis_script_texts[REDIS_SCRIPT_COUNT] = {
    [REDIS_SCRIPT_PUT] = put_text,
    [REDIS_SCRIPT_LIST] = list_text,
    [REDIS_SCRIPT_EXPIRED] = expired_text,
    [REDIS_SCRIPT_NOTE] = note_text,
    [REDIS_SCRIPT_LANE_PUT] = lane_put_text,
    [REDIS_SCRIPT_LANE_LOAD] = lane_load_text,
    [REDIS_SCRIPT_LANE_ABOUT] = lane_about_text,
};
