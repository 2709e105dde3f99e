/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The Lua scripts: each is one step in Redis that nothing may come between. They get the time as an
 * argument.
 *
 * Threading: constants. Ownership: constants.
 */

#include "redis/redis.h"

enum script {
    SCRIPT_CLAIM, /* takes timers that are due for a time; says when the next one is */
    SCRIPT_LOOK,  /* a replica is alive: who else is, and whether all shards of timers are there */
    SCRIPT_QUEUE, /* puts or takes waiting cases and keeps their signature's head right */
    SCRIPT_HEADS, /* a tenant's best waiting cases of each level and signature */
    SCRIPTS
};

extern const struct redis_script engine_scripts[SCRIPTS];
