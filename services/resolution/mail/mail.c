/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/mail/mail.h"

#include <stdlib.h>

#include "base/assert.h"
#include "contract/words.h"
#include "resolution/mail/impl.h"

#define LOOK_US US_PER_S
#define BATCH_ARENA_BYTES (4u << 20)

void mail_answer(struct delivery_job *job, enum delivery_outcome outcome, int32_t status,
                 const char *text, int64_t wait_us)
{
    const struct delivery_answer answer = {
        .outcome = outcome, .status = status, .text = text, .wait_us = wait_us};
    delivery_done(job, &answer);
}

/* -- gathering --------------------------------------------------------------------------------- */

/* The batch of the tenant with room for one more. */
static struct mail_batch *batch_for(struct mail_channel *m, int64_t tenant_id)
{
    LIST_FOR_EACH (it, &m->batches) {
        struct mail_batch *b = CONTAINER_OF(it, struct mail_batch, link);
        if (b->tenant_id == tenant_id && b->n < MAIL_AT_ONCE)
            return b;
    }
    struct mail_batch *b = calloc(1, sizeof *b);
    AM_ASSERT(b != NULL);
    arena_init(&b->arena, BATCH_ARENA_BYTES);
    b->channel = m;
    b->tenant_id = tenant_id;
    list_push_back(&m->batches, &b->link);
    return b;
}

static void send_job(void *ctx, struct delivery_job *job)
{
    struct mail_channel *m = ctx;
    if (m->stopped) {
        mail_answer(job, DELIVERY_PUT_OFF, 0, NULL, 0);
        return;
    }
    struct mail_batch *b = batch_for(m, job->row.tenant_id);
    b->entries[b->n++].job = job;
    loop_before_sleep(m->service->loop, &m->gathered);
}

static void look_up_gathered(struct loop_idle *idle)
{
    struct mail_channel *m = CONTAINER_OF(idle, struct mail_channel, gathered);
    for (struct list *it; (it = list_pop_front(&m->batches));)
        mail_look_up(CONTAINER_OF(it, struct mail_batch, link));
}

/* -- life -------------------------------------------------------------------------------------- */

static void look(void *ctx)
{
    struct mail_channel *m = ctx;
    loop_timer_start(m->look, LOOK_US);
    mail_put_off_letters(m, MAIL_WAITS_US);
}

struct mail_channel *mail_channel_new(struct service *service, struct deliveries *deliveries,
                                      unsigned first_stmt, const struct smtp_settings *settings)
{
    struct mail_channel *m = calloc(1, sizeof *m);
    AM_ASSERT(m != NULL);
    m->service = service;
    m->deliveries = deliveries;
    m->first_stmt = first_stmt;
    m->settings = settings;
    m->smtp = smtp_new(service->loop, settings);
    list_init(&m->batches);
    list_init(&m->letters);
    m->gathered.run = look_up_gathered;
    m->look = loop_timer_new(service->loop, look, m);
    loop_timer_start(m->look, LOOK_US);
    const struct delivery_channel channel = {
        .name = "mail",
        .kinds =
            DELIVERY_BIT(DELIVERY_KIND_NOTIFICATION_MAIL) | DELIVERY_BIT(DELIVERY_KIND_DIGEST_MAIL),
        .at_once = MAIL_AT_ONCE,
        .send = send_job,
        .ctx = m,
    };
    deliveries_join(deliveries, &channel);
    return m;
}

struct smtp *mail_channel_smtp(struct mail_channel *m)
{
    return m->smtp;
}

void mail_channel_stop(struct mail_channel *m, int64_t patience_us, void (*ended)(void *ctx),
                       void *ctx)
{
    m->stopped = true;
    loop_timer_stop(m->look);
    mail_put_off_letters(m, -1);
    smtp_stop(m->smtp, patience_us, ended, ctx);
}

void mail_channel_free(struct mail_channel *m)
{
    if (!m)
        return;
    loop_timer_free(m->look);
    smtp_free(m->smtp);
    free(m);
}
