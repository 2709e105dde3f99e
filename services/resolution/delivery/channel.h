/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How a way out of the system is joined to the engine that decides what leaves when
 * (resolution/delivery/deliveries.h). A channel is given one job at a time, sends it by whatever
 * means, and says later what came of it. It keeps no list of its own of what is still to be sent,
 * and tries nothing twice: the engine knows when to try again, and on which replica.
 *
 * A job may be given twice, because a replica can end between the sending and its record. So
 * whatever a channel sends carries an id that stays the same (row.delivery_id or
 * row.notification_id), by which the receiver can know it again.
 *
 * Threading: everything on the io loop's thread. Threads that a channel has of its own come back by
 * loop_post(). Ownership: a job is the channel's from send() to delivery_done(), which must be
 * called exactly once, perhaps in send(). Whatever the channel puts into job->arena goes with it.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/time.h"
#include "case/model/rows.h"

struct deliveries;

/* A job is answered within this time, or another replica may send it again. */
#define DELIVERY_LASTS_US (120 * US_PER_S)
/* Of what the receiver said, so many bytes are kept. */
#define DELIVERY_TEXT_BYTES 500
/* What a channel may put into the arena of one job. */
#define DELIVERY_ARENA_BYTES (4u << 20)

/* What came of a job. */
enum delivery_outcome {
    DELIVERY_TAKEN,      /* the receiver has it */
    DELIVERY_FAILED,     /* it may go well another time; after the last attempt it is dead */
    DELIVERY_REFUSED,    /* it will never go well: dead at once */
    DELIVERY_NOT_NEEDED, /* there is no reason to send it any more */
    /* It was not tried, and is given again after `wait_us`: quiet hours, or the channel has no
     * room. It is no attempt. */
    DELIVERY_PUT_OFF,
    DELIVERY_OUTCOMES
};

struct delivery_answer {
    enum delivery_outcome outcome;
    int32_t status;   /* the code of HTTP or SMTP; 0 = there was none */
    const char *text; /* what the receiver said, or why it could not be reached; NULL = nothing */
    /* FAILED: the receiver asked for so much time at least; 0 = it did not. PUT_OFF: as said; less
     * than 0 = it goes back to a place before now. */
    int64_t wait_us;
};

/* One row to be sent. */
struct delivery_job {
    struct delivery_row row; /* row.attempts counts this one, too; texts lie in the arena */
    const char *tenant;      /* its name */
    struct arena arena;
    /* The engine's own. */
    struct deliveries *deliveries;
    const struct delivery_channel *channel; /* NULL = it was adopted */
    struct list link;
    bool answered;
};

struct delivery_channel {
    const char *name; /* of its metrics: "mail" */
    uint32_t kinds;   /* DELIVERY_BIT() of each kind that it sends */
    unsigned at_once; /* how many jobs it takes at once, at most DELIVERY_JOBS_MAX */
    void (*send)(void *ctx, struct delivery_job *job);
    void *ctx;
};
#define DELIVERY_BIT(kind) (UINT32_C(1) << (kind))
#define DELIVERY_JOBS_MAX 256

/* Joins a channel, before the loop runs. Copies `channel`. A row of a kind that no channel sends
 * waits until a replica has one. */
void deliveries_join(struct deliveries *d, const struct delivery_channel *channel);

/* Ends the job. The text is copied, without control characters and cut to DELIVERY_TEXT_BYTES. */
void delivery_done(struct delivery_job *job, const struct delivery_answer *answer);
