/* SPDX-License-Identifier: Apache-2.0 */

/* What the calls of WebhookService share. */

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "case/message/message.h"
#include "contract/reasons.h"
#include "contract/words.h"
#include "resolution/webhook/rpc.h"
#include "shared/feed_token.h"

#define TEXT(s) ((char *)(uintptr_t)(s)) /* protobuf-c's strings are not const */

/* -- a call ------------------------------------------------------------------------------------ */

struct hook_call *hook_call_new(struct read_call *rc)
{
    struct hook_call *c = ARENA_NEW(rc->arena, struct hook_call);
    c->all = rpc_call_user(rc->call);
    c->rc = rc;
    rc->user = c;
    return c;
}

void hook_call_begin(struct rpc_call *call, void *webhooks, size_t bytes,
                     void (*start)(struct read_call *rc))
{
    struct webhooks *w = webhooks;
    rpc_call_set_user(call, w);
    service_read(w->service, call, bytes, start);
}

struct sender_read *hook_call_read(struct hook_call *c,
                                   void (*rows)(struct pg_read *r, size_t i,
                                                const struct pg_rows *rows),
                                   void (*ended)(struct sender_read *r, const struct fault *fault))
{
    struct sender_read *r = webhooks_read(c->all, c->rc->tenant->id, rows, ended, c);
    if (c->rc->read.deadline_us)
        r->pg.deadline_us = c->rc->read.deadline_us;
    return r;
}

void hook_call_fail(struct hook_call *c, const struct fault *fault)
{
    rpc_fail(c->rc->call, fault);
}

void hook_not_found(struct hook_call *c, const char *id)
{
    struct fault *f = &c->rc->fault;
    fault_set(f, FAULT_NOT_FOUND, ERROR_REASON_WEBHOOK_NOT_FOUND, "the tenant has no webhook '%s'",
              id);
    fault_meta(f, "webhook_id", "%s", id);
    rpc_fail(c->rc->call, f);
}

void hook_check_id(struct fault *fault, const char *id, bool required)
{
    const size_t len = strlen(id);
    if (len == 0 && required)
        fault_violation(fault, "webhook_id", "is required");
    else if (len > HOOK_ID_MAX || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
        fault_violation(fault, "webhook_id", "is not 1 to %d characters of [a-z0-9-]", HOOK_ID_MAX);
}

/* -- reading a webhook ------------------------------------------------------------------------- */

void hook_call_add_get(struct hook_call *c, struct sender_read *r, const char *webhook_id)
{
    struct pg_array ids;
    struct pg_args *args = sender_read_add(r, STMT_HOOK_GET);
    pg_arg_int8(args, c->rc->tenant->id);
    pg_arg_text(args, webhook_id);
    args = sender_read_add(r, STMT_HOOK_KEYS);
    pg_arg_int8(args, c->rc->tenant->id);
    pg_array_init(&ids, &r->arena, PG_TEXT, 1);
    pg_array_text(&ids, webhook_id);
    pg_arg_array(args, &ids);
    pg_arg_time(args, webhooks_now_us(c->all));
}

void hook_call_take_row(struct hook_call *c, const struct pg_rows *rows)
{
    c->found = pg_rows_count(rows) > 0;
    if (c->found)
        AM_ASSERT(hook_row_load(rows, 0, c->rc->arena, &c->row) == AM_OK);
}

void hook_call_take_key(struct hook_call *c, const struct pg_rows *rows)
{
    for (int i = 0; i < pg_rows_count(rows) && c->found; i++)
        hook_key_load(rows, i, c->all->config.masters, &c->row);
}

/* -- messages ---------------------------------------------------------------------------------- */

static Amends__V1__WebhookKey *key_message(const struct hook_key *key, struct arena *arena)
{
    Amends__V1__WebhookKey *m = ARENA_NEW(arena, Amends__V1__WebhookKey);
    amends__v1__webhook_key__init(m);
    m->number = key->number;
    m->signing = (Amends__V1__WebhookSigning)key->signing;
    m->create_time = message_time(key->created_at, arena);
    m->end_time = message_time(key->ends_at, arena);
    if (key->signing == WEBHOOK_SIGNING_ED25519) {
        m->public_key = arena_must(arena, HOOK_KEY_TEXT);
        hook_key_public_text(key->public_key, m->public_key);
    }
    return m;
}

static void *unpack_alloc(void *arena, size_t size)
{
    return arena_must(arena, size);
}

static void unpack_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

static void set_serving(const struct hook_call *c, Amends__V1__Webhook *m,
                        const struct hook_row *row)
{
    struct arena *arena = c->rc->arena;
    const struct feed_token token = {
        .tenant_epoch = row->epoch, .given_us = webhooks_now_us(c->all), .at = row->cursor};
    m->cursor = arena_must(arena, FEED_TOKEN_TEXT + 1);
    if (c->all->service->secret)
        feed_token_write(c->all->service, row->tenant_id, &token, m->cursor);
    m->current_time = message_time(row->current_at, arena);
    m->pause_until_time = message_time(row->paused_until, arena);
    m->failures = row->failures;
    m->delivered = row->delivered;
    m->last_attempt_time = message_time(row->last_at, arena);
    m->last_status = row->last_status;
    m->last_error = TEXT(row->last_error);
}

Amends__V1__Webhook *hook_message(const struct hook_call *c, const struct hook_row *row)
{
    struct arena *arena = c->rc->arena;
    ProtobufCAllocator allocator = {
        .alloc = unpack_alloc, .free = unpack_free, .allocator_data = arena};
    Amends__V1__Webhook *m = ARENA_NEW(arena, Amends__V1__Webhook);
    amends__v1__webhook__init(m);
    m->webhook_id = arena_strdup(arena, row->webhook_id);
    m->url = TEXT(row->url);
    if (row->filter.len)
        m->filter = amends__v1__event_filter__unpack(&allocator, row->filter.len, row->filter.data);
    m->signing = (Amends__V1__WebhookSigning)row->signing;
    m->include_personal = row->personal;
    m->notifications = row->notifications;
    m->state = (Amends__V1__WebhookState)row->state;
    m->disable_reason = TEXT(row->reason);
    m->create_time = message_time(row->created_at, arena);
    m->creator = TEXT(row->created_by);
    m->update_time = message_time(row->changed_at, arena);
    set_serving(c, m, row);
    m->keys = ARENA_ARRAY(arena, Amends__V1__WebhookKey *, HOOK_KEYS_MAX);
    for (size_t i = 0; i < row->n_keys; i++)
        m->keys[m->n_keys++] = key_message(&row->keys[i], arena);
    return m;
}

/* -- places ------------------------------------------------------------------------------------ */

bool hook_place(struct hook_call *c, const char *field, const char *text,
                const struct feed_now *now, struct feed_position *out)
{
    struct fault *f = &c->rc->fault;
    struct feed_token token;
    *out = (struct feed_position){0};
    if (strcmp(text, "EARLIEST") == 0)
        return true;
    if (!feed_token_ready(c->all->service, f))
        return false;
    if (feed_token_read(c->all->service, c->rc->tenant->id, text, &token) != AM_OK) {
        fault_violation(f, field,
                        "is no place in the feed of this tenant: \"EARLIEST\", \"LATEST\" "
                        "for a new webhook, or a token that was given out");
        return false;
    }
    *out = token.at;
    return feed_token_stands(c->all->service, c->rc->tenant->id, &token, now->epoch, f);
}
