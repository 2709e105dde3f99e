/* SPDX-License-Identifier: Apache-2.0 */

/* What is known of the notifications of a batch, and where their recipients are reached. */

#include <stdlib.h>

#include "base/assert.h"
#include "resolution/mail/impl.h"
#include "resolution/mail/recipient.h"

#define AWAY_US US_PER_S

static void free_batch(struct mail_batch *b)
{
    arena_free(&b->arena);
    free(b);
}

/* It is no attempt: nobody was asked to take a mail. */
static void put_off(struct mail_batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        mail_answer(b->entries[i].job, DELIVERY_PUT_OFF, 0, "what it tells could not be read",
                    AWAY_US);
    free_batch(b);
}

/* -- the rows ---------------------------------------------------------------------------------- */

static const char *text(struct mail_batch *b, const struct pg_rows *rows, int row, int col)
{
    char *copy = arena_strdup(&b->arena, pg_text(rows, row, col));
    return copy ? copy : "";
}

static void take_facts(struct mail_batch *b, struct mail_facts *f, const struct pg_rows *rows,
                       int row)
{
    f->kind = (int16_t)pg_int(rows, row, 1);
    f->cause = (int16_t)pg_int(rows, row, 2);
    f->ask = (int16_t)pg_int(rows, row, 3);
    f->urgent = pg_bool(rows, row, 4);
    f->acknowledged = pg_int(rows, row, 5) == NOTIFICATION_ACKNOWLEDGED;
    f->created_at = pg_time_us(rows, row, 6);
    f->level = (int16_t)pg_int(rows, row, 7);
    f->case_status = (int16_t)pg_int(rows, row, 8);
    f->case_level = (int16_t)pg_int(rows, row, 9);
    f->severity = (int16_t)pg_int(rows, row, 10);
    f->failure_code = text(b, rows, row, 11);
    f->reference = text(b, rows, row, 12);
    f->clock = text(b, rows, row, 13);
    f->clock_state = (int16_t)pg_int(rows, row, 14);
    f->due_at = pg_is_null(rows, row, 15) ? 0 : pg_time_us(rows, row, 15);
}

static void take_row(struct mail_batch *b, const struct uuid *id, const struct pg_rows *rows,
                     int row)
{
    for (size_t i = 0; i < b->n; i++) {
        struct mail_entry *e = &b->entries[i];
        if (!uuid_eq(&e->job->row.notification_id, id))
            continue;
        e->found = true;
        e->facts.case_id = e->job->row.case_id;
        e->facts.notification_id = *id;
        e->facts.tenant = e->job->tenant;
        take_facts(b, &e->facts, rows, row);
        e->facts.about = text(b, rows, row, 18);
        mail_recipient_of(b->policy, e->job->row.receiver, text(b, rows, row, 16),
                          text(b, rows, row, 17), &e->to);
    }
}

static void on_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct mail_batch *b = ((struct sender_read *)pg->ctx)->ctx;
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        const struct uuid id = pg_uuid(rows, row, 0);
        take_row(b, &id, rows, row);
    }
}

static void on_end(struct sender_read *r, const struct fault *fault)
{
    struct mail_batch *b = r->ctx;
    if (fault) {
        put_off(b);
        return;
    }
    mail_write_letters(b);
    free_batch(b);
}

static void read_facts(struct mail_batch *b)
{
    struct mail_channel *m = b->channel;
    struct sender_read *r =
        sender_read_new(m->service, m->first_stmt, b->tenant_id, on_rows, on_end, b);
    struct pg_array cases, ids, recipients;
    pg_array_init(&cases, &r->arena, PG_UUID, b->n);
    pg_array_init(&ids, &r->arena, PG_UUID, b->n);
    pg_array_init(&recipients, &r->arena, PG_TEXT, b->n);
    for (size_t i = 0; i < b->n; i++) {
        const struct delivery_row *row = &b->entries[i].job->row;
        pg_array_uuid(&cases, &row->case_id);
        pg_array_uuid(&ids, &row->notification_id);
        pg_array_text(&recipients, row->receiver);
    }
    struct pg_args *args = sender_read_add(r, STMT_MAIL_FACTS);
    pg_arg_int8(args, b->tenant_id);
    pg_arg_array(args, &cases);
    pg_arg_array(args, &ids);
    pg_arg_array(args, &recipients);
    sender_read_start(r);
}

/* -- the tenant -------------------------------------------------------------------------------- */

static void on_tenant(void *ctx, const struct tenant *tenant, const struct fault *fault)
{
    struct mail_batch *b = ctx;
    if (!fault && tenant)
        b->policy =
            tenants_policy(b->channel->service->tenants, tenant->id, tenant->policy_version);
    if (b->policy)
        read_facts(b);
    else
        put_off(b);
}

void mail_look_up(struct mail_batch *b)
{
    tenants_get(b->channel->service->tenants, b->entries[0].job->tenant, &b->arena, on_tenant, b);
}
