/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside common/redis only: the client's struct. See redis/redis.h.
 *
 * Threading: io loop's thread. Ownership: the client owns its links and scripts.
 */

#include "redis/link.h"

#define REDIS_MAGIC 0x4ed15001u
#define REDIS_SHA_LEN 40
#define REDIS_ID_LEN 40
#define REDIS_EPOCH_LEN 32

struct script_slot {
    struct redis *redis;
    char sha[REDIS_SHA_LEN + 1]; /* "" = not known yet: the script is sent whole */
};

struct redis {
    uint32_t magic;
    struct loop *loop;
    struct redis_config config;
    struct redis_target target;
    struct link *commands; /* NULL without a URL */
    struct link *channel;
    struct loop_timer *probe;
    struct script_slot *scripts;
    bool up;
    bool fresh;     /* it is connected, and nobody has looked at it yet */
    bool info_good; /* the look under way found a server that may be used */
    bool other;     /* it is another server, or has another history, than at the last look */
    bool epoch_mine_is_newer; /* the look under way read the epoch before we wrote a new one */
    char run_id[REDIS_ID_LEN + 1];
    char replid[REDIS_ID_LEN + 1];
    char epoch[REDIS_EPOCH_LEN + 1];
};

enum redis_event { EVENT_CONNECT, EVENT_LOST, EVENT_REFUSED, EVENT_RELOAD, EVENTS };

/* metrics.c */
void redis_metrics_register(void);
void redis_metrics_up(bool up);
void redis_metrics_event(enum redis_event e);
void redis_metrics_command(void);
void redis_metrics_away(void);
void redis_metrics_error(void);

/* probe.c: looks at the server. The first look after a connect decides whether it is used. */
void redis_probe(struct redis *r);
void redis_set_up(struct redis *r, bool up);

/* script.c */
void redis_load_scripts(struct redis *r);
