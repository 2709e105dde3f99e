/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of the hub share: hub.c (who has streams, when to look, the offers) and hub_work.c
 * (what else a look reads for those who watch their work).
 *
 * Threading: io loop's thread. Private to assignment/streams. Ownership: the hub's; a batch lies in
 * the arena of its read.
 */

#include "assignment/engine/engine.h"
#include "assignment/streams/stream.h"

#define BATCH_MAX 128

/* One agent with streams here. */
struct watched {
    struct list link; /* hub.watched */
    struct list due;  /* hub.due, or by itself */
    struct hub *hub;
    int64_t tenant_id;
    const struct tenant *tenant;
    char *agent_id;
    struct list streams;
    bool polling;
    bool again;       /* woken while it was being read */
    int64_t since_us; /* offers made before this have been read */
    /* Of the look at hand. */
    int cases, notices; /* rows */
    bool noticed;       /* notifications are read */
};

struct hub {
    struct assignment *a;
    struct loop_timer *timer;
    struct loop_idle idle;
    void *by_agent; /* tsearch() tree of struct watched */
    struct list watched;
    struct list due;
    unsigned batches;
    bool freed;
};

/* What the statements of a look read, in their order. */
enum batch_part { PART_OFFERS, PART_KEYS, PART_CASES, PART_NOTICES, PART_PRESENCE, BATCH_PARTS };

/* One look, at many agents. */
struct batch {
    struct hub *hub;
    int64_t now_us;
    size_t n;
    struct watched *of[BATCH_MAX];
    struct watched **of_key; /* for each pending offer that is read by key, its agent */
    size_t n_keys;
    struct watched **work; /* those who watch their work */
    size_t n_work, n_noticed;
    struct watched **noticed; /* those of them whose notifications are read */
    enum batch_part parts[BATCH_PARTS];
    size_t n_parts;
};

/* Adds the statements of WatchWork to a look, if anybody of it has such a stream. */
void hub_work_ask(struct engine_read *r, struct batch *b);
/* Takes the rows of one of them. */
void hub_work_rows(struct batch *b, enum batch_part part, const struct pg_rows *rows);
/* The look at an agent has ended; before stream_known(). */
void hub_work_ended(struct watched *w, int64_t now_us, bool ok);
