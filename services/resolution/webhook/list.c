/* SPDX-License-Identifier: Apache-2.0 */

/* ListWebhooks, DeleteWebhook and TestWebhook. */

#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/digest.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "resolution/delivery/sql.h"
#include "resolution/webhook/rpc.h"
#include "shared/page_token.h"

#define USUAL 50
#define MOST 100

/* -- ListWebhooks ------------------------------------------------------------------------------ */

struct page {
    const char *after;
    size_t limit, n;
    struct hook_row *rows;
    bool more;
};

static uint64_t list_hash(void)
{
    const struct slice fields[] = {slice_str("webhooks")};
    return digest_key(fields, 1);
}

static void page_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook_call *c = ((struct sender_read *)pg->ctx)->ctx;
    struct page *p = c->user;
    (void)i;
    const size_t n = (size_t)pg_rows_count(rows);
    p->more = n > p->limit;
    p->n = p->more ? p->limit : n;
    p->rows = ARENA_ARRAY(c->rc->arena, struct hook_row, p->n + 1);
    for (size_t row = 0; row < p->n; row++)
        AM_ASSERT(hook_row_load(rows, (int)row, c->rc->arena, &p->rows[row]) == AM_OK);
}

static void key_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook_call *c = ((struct sender_read *)pg->ctx)->ctx;
    struct page *p = c->user;
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        const size_t at = (size_t)pg_int(rows, row, 0) - 1;
        AM_ASSERT(at < p->n);
        hook_key_load(rows, row, c->all->config.masters, &p->rows[at]);
    }
}

static void answer_page(struct sender_read *r, const struct fault *fault)
{
    struct hook_call *c = r->ctx;
    struct page *p = c->user;
    if (fault) {
        hook_call_fail(c, fault);
        return;
    }
    Amends__V1__ListWebhooksResponse m = AMENDS__V1__LIST_WEBHOOKS_RESPONSE__INIT;
    m.webhooks = ARENA_ARRAY(c->rc->arena, Amends__V1__Webhook *, p->n + 1);
    for (size_t i = 0; i < p->n && read_call_room(c->rc); i++)
        m.webhooks[m.n_webhooks++] = hook_message(c, &p->rows[i]);
    if (p->more || m.n_webhooks < p->n)
        m.next_page_token = page_token_write(c->rc, list_hash(),
                                             slice_str(m.webhooks[m.n_webhooks - 1]->webhook_id));
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < HOOK_KEYS_MAX; k++)
            hook_key_forget(&p->rows[i].keys[k]);
    rpc_reply(c->rc->call, &m.base);
}

static void have_page(struct sender_read *r, const struct fault *fault)
{
    struct hook_call *c = r->ctx;
    const struct page *p = c->user;
    struct pg_array ids;
    if (fault) {
        hook_call_fail(c, fault);
        return;
    }
    struct sender_read *keys = hook_call_read(c, key_rows, answer_page);
    struct pg_args *args = sender_read_add(keys, STMT_HOOK_KEYS);
    pg_arg_int8(args, c->rc->tenant->id);
    pg_array_init(&ids, &keys->arena, PG_TEXT, p->n + 1);
    for (size_t i = 0; i < p->n; i++)
        pg_array_text(&ids, p->rows[i].webhook_id);
    pg_arg_array(args, &ids);
    pg_arg_time(args, webhooks_now_us(c->all));
    sender_read_start(keys);
}

/* One alone is a page of those behind the text before its id. */
static void read_page(struct hook_call *c, const char *one)
{
    struct page *p = c->user;
    struct sender_read *r = hook_call_read(c, page_rows, have_page);
    struct pg_args *args = sender_read_add(r, *one ? STMT_HOOK_GET : STMT_HOOK_LIST);
    pg_arg_int8(args, c->rc->tenant->id);
    pg_arg_text(args, *one ? one : p->after);
    if (!*one)
        pg_arg_int4(args, (int32_t)p->limit + 1);
    sender_read_start(r);
}

static void list_start(struct read_call *rc)
{
    const Amends__V1__ListWebhooksRequest *req =
        (const Amends__V1__ListWebhooksRequest *)rc->request;
    struct hook_call *c = hook_call_new(rc);
    struct page *p = ARENA_NEW(rc->arena, struct page);
    c->user = p;
    hook_check_id(&rc->fault, req->webhook_id, false);
    p->limit = (size_t)page_size(&rc->fault, req->page_size, USUAL, MOST);
    const struct slice at = page_token_read(rc, list_hash(), req->page_token);
    p->after = at.len ? arena_strndup(rc->arena, (const char *)at.data, at.len) : "";
    if (read_call_valid(rc))
        read_page(c, req->webhook_id);
}

void hook_list_call(struct rpc_call *call, void *webhooks)
{
    hook_call_begin(call, webhooks, READ_PAGE, list_start);
}

/* -- DeleteWebhook ----------------------------------------------------------------------------- */

struct deleting {
    const char *webhook_id, *receiver;
    bool deleted;
    int64_t dropped;
};

static void drop_slice(struct hook_call *c);

static void dropped_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook_call *c = ((struct sender_read *)pg->ctx)->ctx;
    (void)i;
    ((struct deleting *)c->user)->dropped = pg_rows_affected(rows);
}

static void dropped(struct sender_read *r, const struct fault *fault)
{
    struct hook_call *c = r->ctx;
    const struct deleting *d = c->user;
    Amends__V1__DeleteWebhookResponse m = AMENDS__V1__DELETE_WEBHOOK_RESPONSE__INIT;
    if (fault) {
        hook_call_fail(c, fault);
        return;
    }
    if (d->dropped > 0) {
        drop_slice(c);
        return;
    }
    m.deleted = d->deleted;
    rpc_reply(c->rc->call, &m.base);
}

static void drop_slice(struct hook_call *c)
{
    const struct deleting *d = c->user;
    struct sender_read *r = hook_call_read(c, dropped_rows, dropped);
    struct pg_args *args = sender_read_add(r, STMT_HOOK_DROP);
    pg_arg_int8(args, c->rc->tenant->id);
    pg_arg_text(args, d->receiver);
    pg_arg_time(args, webhooks_now_us(c->all));
    sender_read_start(r);
}

static void deleted_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook_call *c = ((struct sender_read *)pg->ctx)->ctx;
    if (i == 0)
        ((struct deleting *)c->user)->deleted = pg_rows_count(rows) > 0;
}

static void deleted(struct sender_read *r, const struct fault *fault)
{
    struct hook_call *c = r->ctx;
    const struct deleting *d = c->user;
    if (fault) {
        hook_call_fail(c, fault);
        return;
    }
    if (d->deleted)
        log_info("webhook", "deleted", LOG_STR("tenant", c->rc->tenant->name),
                 LOG_STR("webhook", d->webhook_id));
    drop_slice(c);
}

static void delete_start(struct read_call *rc)
{
    const Amends__V1__DeleteWebhookRequest *req =
        (const Amends__V1__DeleteWebhookRequest *)rc->request;
    struct hook_call *c = hook_call_new(rc);
    struct deleting *d = ARENA_NEW(rc->arena, struct deleting);
    c->user = d;
    d->webhook_id = req->webhook_id;
    d->receiver = arena_printf(rc->arena, "%s%.64s", DELIVERY_HOOK_RECEIVER, req->webhook_id);
    hook_check_id(&rc->fault, req->webhook_id, true);
    if (!read_call_valid(rc) || service_refuses_system(rc->call))
        return;
    struct sender_read *r = hook_call_read(c, deleted_rows, deleted);
    r->pg.lasting = true;
    static const enum resolution_stmt stmts[] = {STMT_HOOK_DELETE, STMT_HOOK_KEYS_DELETE};
    for (size_t i = 0; i < 2; i++) {
        struct pg_args *args = sender_read_add(r, stmts[i]);
        pg_arg_int8(args, rc->tenant->id);
        pg_arg_text(args, req->webhook_id);
    }
    sender_read_start(r);
}

void hook_delete_call(struct rpc_call *call, void *webhooks)
{
    hook_call_begin(call, webhooks, READ_ROW, delete_start);
}

/* -- TestWebhook ------------------------------------------------------------------------------- */

static void tested(struct http_request *h)
{
    struct sending *s = h->ctx;
    struct hook_call *c = s->owner;
    const struct delivery_answer a = hook_send_judge(h);
    Google__Protobuf__Duration latency = GOOGLE__PROTOBUF__DURATION__INIT;
    Amends__V1__TestWebhookResponse m = AMENDS__V1__TEST_WEBHOOK_RESPONSE__INIT;
    const int64_t us = time_mono_us() - s->begun_us;
    latency.seconds = us / US_PER_S;
    latency.nanos = (int32_t)(us % US_PER_S) * 1000;
    m.latency = &latency;
    m.delivered = a.outcome == DELIVERY_TAKEN;
    m.status = h->status;
    m.answer = *h->text || !a.text ? h->text : (char *)(uintptr_t)a.text;
    /* What a receiver says may be no text at all. */
    for (char *p = h->text; *p; p++)
        if ((unsigned char)*p >= 0x80 || (unsigned char)*p < ' ')
            *p = ' ';
    rpc_reply(c->rc->call, &m.base);
    hook_sending_free(s);
}

static void test_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook_call *c = ((struct sender_read *)pg->ctx)->ctx;
    if (i == 0)
        hook_call_take_row(c, rows);
    else
        hook_call_take_key(c, rows);
}

static void send_test(struct hook_call *c)
{
    char id[UUID_TEXT_LEN + 1];
    const int64_t now_us = webhooks_now_us(c->all);
    const struct uuid random = uuid_new(now_us);
    const char *body = hook_body_test(&c->row, uuid_format(&random, id), now_us, c->rc->arena);
    AM_ASSERT(body != NULL);
    struct sending *s = hook_sending_new(c->all, &c->row, id, body, tested);
    s->owner = c;
    for (size_t i = 0; i < HOOK_KEYS_MAX; i++)
        hook_key_forget(&c->row.keys[i]);
    if (http_send(c->all->http, &s->request))
        return;
    hook_sending_free(s);
    fault_set(&c->rc->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_OVERLOADED,
              "too many requests of webhooks are under way");
    c->rc->fault.retry_ms = 1000;
    rpc_fail(c->rc->call, &c->rc->fault);
}

static void have_tested_hook(struct sender_read *r, const struct fault *fault)
{
    struct hook_call *c = r->ctx;
    if (fault) {
        hook_call_fail(c, fault);
    } else if (!c->found) {
        hook_not_found(c, c->user);
    } else if (c->row.locked) {
        fault_set(&c->rc->fault, FAULT_UNAVAILABLE, ERROR_REASON_CUSTOMER_KEY_LOCKED,
                  "this replica has no master key that opens the secret of the webhook");
        rpc_fail(c->rc->call, &c->rc->fault);
    } else {
        send_test(c);
    }
}

static void test_start(struct read_call *rc)
{
    const Amends__V1__TestWebhookRequest *req = (const Amends__V1__TestWebhookRequest *)rc->request;
    struct hook_call *c = hook_call_new(rc);
    c->user = req->webhook_id;
    hook_check_id(&rc->fault, req->webhook_id, true);
    if (!read_call_valid(rc) || service_refuses_system(rc->call))
        return;
    struct sender_read *r = hook_call_read(c, test_rows, have_tested_hook);
    hook_call_add_get(c, r, req->webhook_id);
    sender_read_start(r);
}

void hook_test_call(struct rpc_call *call, void *webhooks)
{
    hook_call_begin(call, webhooks, READ_ROW, test_start);
}
