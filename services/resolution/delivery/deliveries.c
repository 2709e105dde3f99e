/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/delivery/deliveries.h"

#include <stdlib.h>

#include "base/assert.h"
#include "resolution/delivery/impl.h"

#define TICK_US US_PER_S

int64_t deliveries_now_us(const struct deliveries *d)
{
    return time_now_us(loop_time(d->service->loop));
}

const char *deliveries_replica(const struct deliveries *d)
{
    return d->replica;
}

struct sender_read *deliveries_read(struct deliveries *d, int64_t tenant_id,
                                    void (*rows)(struct pg_read *r, size_t i,
                                                 const struct pg_rows *rows),
                                    void (*ended)(struct sender_read *r, const struct fault *fault))
{
    return sender_read_new(d->service, d->first_stmt, tenant_id, rows, ended, d);
}

static void tick(void *ctx)
{
    struct deliveries *d = ctx;
    if (d->stopped)
        return;
    loop_timer_start(d->tick, TICK_US);
    if (!pg_up(d->service->pg))
        return;
    delivery_chores_tick(d);
    deliveries_look(d);
}

void deliveries_join(struct deliveries *d, const struct delivery_channel *channel)
{
    AM_ASSERT(d->n_channels < DELIVERY_CHANNELS_MAX && channel->send && channel->at_once > 0 &&
              channel->at_once <= DELIVERY_JOBS_MAX);
    d->channels[d->n_channels++] = *channel;
}

void deliveries_look(struct deliveries *d)
{
    if (!d->stopped && d->n_channels > 0)
        delivery_take_begin(d);
}

bool deliveries_settled(const struct deliveries *d)
{
    return !d->looking && d->n_jobs == 0 && d->n_ends == 0;
}

void deliveries_time_moved(struct deliveries *d)
{
    deliveries_look(d);
}

void deliveries_stop(struct deliveries *d)
{
    d->stopped = true;
    loop_timer_stop(d->tick);
}

struct deliveries *deliveries_new(struct service *service, unsigned first_stmt)
{
    struct deliveries *d = calloc(1, sizeof *d);
    AM_ASSERT(d != NULL);
    d->service = service;
    d->first_stmt = first_stmt;
    const struct uuid replica = uuid_new(time_shared_us(loop_time(service->loop)));
    (void)uuid_format(&replica, d->replica);
    list_init(&d->fresh);
    list_init(&d->jobs);
    delivery_chores_metrics();
    delivery_end_init(d);
    d->tick = loop_timer_new(service->loop, tick, d);
    loop_timer_start(d->tick, 0);
    return d;
}

static void free_jobs(struct list *jobs)
{
    for (struct list *it; (it = list_pop_front(jobs));) {
        struct delivery_job *job = CONTAINER_OF(it, struct delivery_job, link);
        arena_free(&job->arena);
        free(job);
    }
}

void deliveries_free(struct deliveries *d)
{
    if (!d)
        return;
    loop_timer_free(d->tick);
    delivery_end_free(d);
    free_jobs(&d->fresh);
    free_jobs(&d->jobs);
    free(d);
}
