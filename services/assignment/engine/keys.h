/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The names in Redis, all in one place.
 *
 *   amends:epoch                     string, written when everything has been loaded
 *   amends:wake                      channel: "tenant/agent" whose offers changed
 *   amends:feed                      channel: the tenant that has new events (shared/feed_wake.h)
 *   amends:t:<shard>                 zset of timers, tenant/case/clock/generation by due ms; the
 *                                    member "whole" stays behind all of them until the shard is
 *                                    lost
 *   amends:claimed                   zset of timers being fired, by the end of their lease in ms
 *   amends:replicas                  zset of the replicas of assignment by last seen ms
 *   amends:q:<tenant>:<level>:<sig>  zset of waiting cases, case/generation by score in ms
 *   amends:h:<tenant>:<level>        zset of signatures, by the best score of their queue
 *
 * Threading: pure. Ownership: texts lie in the arena given.
 */

#include "base/arena.h"
#include "store/store.h"

#define KEY_EPOCH "amends:epoch"
#define KEY_WAKE "amends:wake"
#define KEY_CLAIMED "amends:claimed"
#define KEY_REPLICAS "amends:replicas"
#define KEY_TIMER_SHARDS 8
#define MEMBER_WHOLE "whole"

const char *key_timers(unsigned shard); /* a constant */
unsigned key_timer_shard(const struct uuid *clock_id);
const char *key_queue(struct arena *a, int64_t tenant_id, int level, const char *signature);
/* What key_queue() begins with, up to the level. */
const char *key_queue_prefix(struct arena *a, int64_t tenant_id);
const char *key_heads(struct arena *a, int64_t tenant_id, int level);

const char *member_timer(struct arena *a, const struct route_timer *t);
/* The same in `out`, which is returned. */
#define MEMBER_TIMER_BYTES 120
const char *member_timer_text(char out[MEMBER_TIMER_BYTES], int64_t tenant_id,
                              const struct uuid *case_id, const struct uuid *clock_id,
                              int64_t generation);
const char *member_case(struct arena *a, const struct uuid *case_id, int64_t generation);
const char *member_agent(struct arena *a, int64_t tenant_id, const char *agent_id);

/* The parts of a member; AM_EINVAL when it is not ours. */
int member_timer_parse(const char *text, int64_t *tenant_id, struct uuid *case_id,
                       struct uuid *clock_id, int64_t *generation) AM_MUSTCHECK;
int member_case_parse(const char *text, struct uuid *case_id, int64_t *generation) AM_MUSTCHECK;
/* `agent_id` points into the text. */
int member_agent_parse(const char *text, int64_t *tenant_id, const char **agent_id) AM_MUSTCHECK;
