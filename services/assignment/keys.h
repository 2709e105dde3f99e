/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The names in Redis, all in one place.
 *
 *   amends:epoch                       written when everything was loaded
 *   amends:wake                        channel: "tenant/agent" whose offers changed
 *   amends:t:<shard>                   zset of timers: tenant/case/clock/generation by due ms
 *   amends:q:<tenant>:<level>:<sig>    zset of waiting cases: case/generation by score ms
 *   amends:h:<tenant>:<level>          zset of signatures by their best score
 *   amends:watched                     zset of agents with streams: tenant/agent by last seen ms
 *   amends:s:<tenant>/<agent>          set of the replicas that hold a stream, TTL 30 s
 *
 * Threading: pure. Ownership: texts lie in the arena given.
 */

#include "base/arena.h"
#include "case/store.h"

#define KEY_EPOCH "amends:epoch"
#define KEY_WAKE "amends:wake"
#define KEY_WATCHED "amends:watched"
#define KEY_STREAMS_PREFIX "amends:s:"
#define KEY_TIMER_SHARDS 8

const char *key_timers(struct arena *a, unsigned shard);
unsigned key_timer_shard(const struct uuid *clock_id);
const char *key_queue(struct arena *a, int32_t tenant_id, int level, const char *signature);
/* What key_queue() begins with, up to the level. */
const char *key_queue_prefix(struct arena *a, int32_t tenant_id);
const char *key_heads(struct arena *a, int32_t tenant_id, int level);

const char *member_timer(struct arena *a, const struct route_timer *t);
const char *member_case(struct arena *a, const struct uuid *case_id, int64_t generation);
const char *member_agent(struct arena *a, int32_t tenant_id, const char *agent_id);

/* The parts of a member; AM_EINVAL when it is not ours. */
int member_timer_parse(const char *text, int32_t *tenant_id, struct uuid *case_id,
                       struct uuid *clock_id, int64_t *generation) AM_MUSTCHECK;
int member_case_parse(const char *text, struct uuid *case_id, int64_t *generation) AM_MUSTCHECK;
/* `agent_id` points into the text. */
int member_agent_parse(const char *text, int32_t *tenant_id, const char **agent_id) AM_MUSTCHECK;
