/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files of the engine share. Private to resolution/delivery.
 *
 * Threading: io loop's thread. Ownership: the engine owns its jobs from taking to the record of
 * their end, but for the time a channel has them.
 */

#include "resolution/delivery/deliveries.h"
#include "resolution/delivery/read.h"

#define DELIVERY_CHANNELS_MAX 4
#define DELIVERY_TENANTS_MAX 64
/* Rows whose end is written by one statement. */
#define DELIVERY_ENDS 64

struct delivery_tenant {
    int64_t id;
    char name[65];
    char after[160]; /* the receiver behind which the next look begins; "" = at the first */
    bool more;       /* there are others behind it */
};

/* What came of a job, to be written. */
struct delivery_end {
    struct list link;
    int64_t tenant_id;
    struct uuid delivery_id;
    int32_t was_attempts, attempts;
    int16_t state;
    int64_t next_at, finished_at;
    int32_t status;
    char error[DELIVERY_TEXT_BYTES + 1];
};

struct deliveries {
    struct service *service;
    unsigned first_stmt;
    char replica[UUID_TEXT_LEN + 1];
    struct delivery_channel channels[DELIVERY_CHANNELS_MAX];
    unsigned busy[DELIVERY_CHANNELS_MAX]; /* jobs of each */
    size_t n_channels;
    bool stopped;
    /* The look for due rows: one at a time, in rounds over the tenants. */
    struct loop_timer *tick;
    bool looking, again;  /* another look follows this one */
    bool starved;         /* the look before ended because no channel had room */
    int64_t after_tenant; /* the look before had so many that it stopped there */
    struct delivery_tenant tenants[DELIVERY_TENANTS_MAX];
    size_t n_tenants, at;
    bool more;         /* some tenant has more receivers: another round follows */
    struct list fresh; /* taken, to be given to channels */
    struct list jobs;  /* given to channels */
    size_t n_jobs;     /* both */
    /* The ends that are to be written, and those that are on their way. */
    struct list ends, writing;
    size_t n_ends;
    struct loop_idle flush;
    bool flushing;
    struct loop_timer *retry;
    /* What one replica does for all. */
    int64_t held_until_us, asked_until_us;
    bool leasing, got, chores;
    unsigned ticks;
};

int64_t deliveries_now_us(const struct deliveries *d); /* domain time */

/* A read of the engine. */
struct sender_read *
deliveries_read(struct deliveries *d, int64_t tenant_id,
                void (*rows)(struct pg_read *r, size_t i, const struct pg_rows *rows),
                void (*ended)(struct sender_read *r, const struct fault *fault));

/* take.c: looks at all tenants, once. Does nothing when a look is under way; then another one
 * follows it. */
void delivery_take_begin(struct deliveries *d);
/* The channel that sends rows of the kind; NULL = none does. */
struct delivery_channel *deliveries_channel(struct deliveries *d, int kind);

/* end.c */
void delivery_end_init(struct deliveries *d);
void delivery_end_free(struct deliveries *d);

/* chores.c: the lease, what is late, what is too old. Once a second. */
void delivery_chores_tick(struct deliveries *d);
void delivery_chores_metrics(void);
