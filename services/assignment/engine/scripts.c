/* SPDX-License-Identifier: Apache-2.0 */

#include "assignment/engine/scripts.h"

/* KEYS: claimed, shards ... ARGV: shared now in ms, end of the lease in ms, most members, now in
 * ms, for each shard: due until (ms). Gives {next due ms of the shards that are asked up to now, or
 * -1, member, ...}; first those whose lease has ended. */
static const char claim[] =
    "local out, leases, room = {-1}, {}, tonumber(ARGV[3])\n"
    "local function take(members)\n"
    "  for _, m in ipairs(members) do\n"
    "    out[#out + 1] = m\n"
    "    leases[#leases + 1] = ARGV[2] leases[#leases + 1] = m\n"
    "  end\n"
    "  room = room - #members\n"
    "end\n"
    "take(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, room))\n"
    "for i = 2, #KEYS do\n"
    "  local due = redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', ARGV[i + 3], 'LIMIT', 0, room)\n"
    "  if #due > 0 then\n"
    "    redis.call('ZREMRANGEBYRANK', KEYS[i], 0, #due - 1)\n"
    "    take(due)\n"
    "  end\n"
    "  if ARGV[i + 3] == ARGV[4] then\n"
    "    local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2]\n"
    "    local at = first and first ~= 'inf' and tonumber(first)\n"
    "    if at and (out[1] == -1 or at < out[1]) then out[1] = at end\n"
    "  end\n"
    "end\n"
    "if #leases > 0 then redis.call('ZADD', KEYS[1], unpack(leases)) end\n"
    "return out";

/* KEYS: replicas, epoch, shards ... ARGV: replica, shared now in ms, alive since (ms), mark of a
 * whole shard. Gives {timers, shards without their mark, replica, ...}; where a mark is missing the
 * epoch ends, so that everything is loaded again. */
static const char look[] = "local n, lost = 0, 0\n"
                           "redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])\n"
                           "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])\n"
                           "for i = 3, #KEYS do\n"
                           "  n = n + redis.call('ZCARD', KEYS[i])\n"
                           "  if redis.call('ZSCORE', KEYS[i], ARGV[4]) then n = n - 1\n"
                           "  else lost = lost + 1 end\n"
                           "end\n"
                           "if lost > 0 then redis.call('DEL', KEYS[2]) end\n"
                           "local out = redis.call('ZRANGE', KEYS[1], 0, -1)\n"
                           "table.insert(out, 1, lost)\n"
                           "table.insert(out, 1, n)\n"
                           "return out";

/* KEYS: queue, heads. ARGV: signature, then pairs: member, score or '' to take it out. */
static const char queue[] = "for i = 2, #ARGV, 2 do\n"
                            "  if ARGV[i + 1] == '' then redis.call('ZREM', KEYS[1], ARGV[i])\n"
                            "  else redis.call('ZADD', KEYS[1], ARGV[i + 1], ARGV[i]) end\n"
                            "end\n"
                            "local head = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')\n"
                            "if head[2] then redis.call('ZADD', KEYS[2], head[2], ARGV[1])\n"
                            "else redis.call('ZREM', KEYS[2], ARGV[1]) end\n"
                            "return 1";

/* KEYS: heads of level 1, 2, ... ARGV: prefix of the queues, most signatures a level, most cases a
 * signature. Gives level, signature, member, score, ... */
static const char heads[] =
    "local out = {}\n"
    "for level, key in ipairs(KEYS) do\n"
    "  for _, sig in ipairs(redis.call('ZRANGE', key, 0, ARGV[2] - 1)) do\n"
    "    local q = ARGV[1] .. level .. ':' .. sig\n"
    "    local items = redis.call('ZRANGE', q, 0, ARGV[3] - 1, 'WITHSCORES')\n"
    "    for i = 1, #items, 2 do\n"
    "      local n = #out\n"
    "      out[n + 1] = level out[n + 2] = sig\n"
    "      out[n + 3] = items[i] out[n + 4] = items[i + 1]\n"
    "    end\n"
    "  end\n"
    "end\n"
    "return out";

const struct redis_script engine_scripts[SCRIPTS] = {
    [SCRIPT_CLAIM] = {"claim", claim},
    [SCRIPT_LOOK] = {"look", look},
    [SCRIPT_QUEUE] = {"queue", queue},
    [SCRIPT_HEADS] = {"heads", heads},
};
