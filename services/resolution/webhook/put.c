/* SPDX-License-Identifier: Apache-2.0 */

/* PutWebhook. */

#include <inttypes.h>
#include <openssl/crypto.h>
#include <string.h>

#include "auth/role_set.h"
#include "base/log.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/words.h"
#include "outbound/http_url.h"
#include "resolution/webhook/rpc.h"

#define OVERLAP_US (24 * 3600 * US_PER_S)
#define SEES_PERSONAL                                                                              \
    (ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUPERVISOR) | ROLE_BIT(ROLE_CLIENT) |                    \
     ROLE_BIT(ROLE_GATEWAY))

/* A webhook that is being put. */
struct putting {
    const Amends__V1__PutWebhookRequest *req;
    int signing;
    bool placed; /* the place is given, or it is new */
    struct feed_position place;
    bool existed, makes_key;
    struct hook_key key;
    char secret[HOOK_KEY_TEXT];
};

static void wipe(void *ctx)
{
    struct putting *p = ctx;
    OPENSSL_cleanse(p->secret, sizeof p->secret);
    hook_key_forget(&p->key);
}

/* -- the answer -------------------------------------------------------------------------------- */

static void put_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct hook_call *c = ((struct sender_read *)pg->ctx)->ctx;
    const struct putting *p = c->user;
    const size_t first = p->makes_key ? 3 : 1;
    if (i == first)
        hook_call_take_row(c, rows);
    else if (i == first + 1)
        hook_call_take_key(c, rows);
}

static void refuse_full(struct hook_call *c)
{
    struct fault *f = &c->rc->fault;
    fault_set(
        f, FAULT_FAILED_PRECONDITION, ERROR_REASON_WEBHOOKS_FULL,
        "the tenant has %d webhooks, and more are not allowed; delete those that are not used "
        "any more",
        HOOKS_TENANT_MAX);
    fault_meta(f, "most", "%d", HOOKS_TENANT_MAX);
    rpc_fail(c->rc->call, f);
}

static void was_put(struct sender_read *r, const struct fault *fault)
{
    struct hook_call *c = r->ctx;
    struct putting *p = c->user;
    if (fault) {
        hook_call_fail(c, fault);
        return;
    }
    if (!c->found) {
        refuse_full(c);
        return;
    }
    Amends__V1__PutWebhookResponse m = AMENDS__V1__PUT_WEBHOOK_RESPONSE__INIT;
    m.webhook = hook_message(c, &c->row);
    m.created = !p->existed;
    if (p->makes_key && p->signing == WEBHOOK_SIGNING_HMAC) {
        hook_key_secret_text(&p->key, p->secret);
        m.secret = p->secret;
    }
    log_info("webhook", p->existed ? "changed" : "made", LOG_STR("tenant", c->rc->tenant->name),
             LOG_STR("webhook", c->row.webhook_id));
    rpc_reply(c->rc->call, &m.base);
}

/* -- writing ----------------------------------------------------------------------------------- */

static struct slice packed_filter(struct hook_call *c, const Amends__V1__EventFilter *filter)
{
    if (!filter)
        return slice_of(NULL, 0);
    const size_t len = amends__v1__event_filter__get_packed_size(filter);
    uint8_t *bytes = ARENA_ARRAY(c->rc->arena, uint8_t, len + 1);
    (void)amends__v1__event_filter__pack(filter, bytes);
    return slice_of(bytes, len);
}

static void add_put(struct hook_call *c, struct sender_read *r)
{
    const struct putting *p = c->user;
    const int state = p->req->disabled ? WEBHOOK_STATE_DISABLED : WEBHOOK_STATE_ACTIVE;
    struct pg_args *args = sender_read_add(r, STMT_HOOK_PUT);
    pg_arg_int8(args, c->rc->tenant->id);
    pg_arg_text(args, p->req->webhook_id);
    pg_arg_text(args, p->req->url);
    pg_arg_bytea(args, packed_filter(c, p->req->filter));
    pg_arg_int4(args, p->signing);
    pg_arg_bool(args, p->req->include_personal);
    pg_arg_bool(args, p->req->notifications);
    pg_arg_int4(args, state);
    pg_arg_text(args, p->req->disabled ? "it was disabled by hand" : "");
    pg_arg_time(args, webhooks_now_us(c->all));
    pg_arg_text(args, rpc_call_principal(c->rc->call)->via);
    pg_arg_int8(args, HOOKS_TENANT_MAX);
    pg_arg_bool(args, p->placed);
    pg_arg_int4(args, p->place.epoch);
    pg_arg_int8(args, p->place.xid);
    pg_arg_uuid(args, &p->place.case_id);
    pg_arg_int8(args, p->place.seq);
}

static void add_key(struct hook_call *c, struct sender_read *r)
{
    struct putting *p = c->user;
    struct hook_stored stored;
    struct hook_row whose = {.tenant_id = c->rc->tenant->id};
    const int64_t now_us = webhooks_now_us(c->all);
    memcpy(whose.webhook_id, p->req->webhook_id, strlen(p->req->webhook_id) + 1);
    hook_key_make(&p->key, p->signing);
    hook_secret_store(c->all->config.masters, &whose, &p->key, &stored);
    struct pg_args *args = sender_read_add(r, STMT_HOOK_KEY_END);
    pg_arg_int8(args, whose.tenant_id);
    pg_arg_text(args, whose.webhook_id);
    pg_arg_time(args, now_us);
    pg_arg_time(args, now_us + OVERLAP_US);
    args = sender_read_add(r, STMT_HOOK_KEY_PUT);
    pg_arg_int8(args, whose.tenant_id);
    pg_arg_text(args, whose.webhook_id);
    pg_arg_int4(args, p->signing);
    pg_arg_bytea(args, slice_of(stored.bytes, stored.len));
    pg_arg_text(args, stored.master);
    pg_arg_bytea(args, p->signing == WEBHOOK_SIGNING_ED25519
                           ? slice_of(p->key.public_key, sizeof p->key.public_key)
                           : slice_of(NULL, 0));
    pg_arg_time(args, now_us);
    OPENSSL_cleanse(&stored, sizeof stored);
}

static void write_hook(struct hook_call *c)
{
    struct putting *p = c->user;
    struct sender_read *r = hook_call_read(c, put_rows, was_put);
    r->pg.lasting = true;
    add_put(c, r);
    if (p->makes_key)
        add_key(c, r);
    hook_call_add_get(c, r, p->req->webhook_id);
    c->found = false;
    c->row.n_keys = 0;
    sender_read_start(r);
}

/* -- what is there ----------------------------------------------------------------------------- */

static void old_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    if (i == 0)
        hook_call_take_row(((struct sender_read *)pg->ctx)->ctx, rows);
}

static void have_old(struct sender_read *r, const struct fault *fault)
{
    struct hook_call *c = r->ctx;
    struct putting *p = c->user;
    if (fault) {
        hook_call_fail(c, fault);
        return;
    }
    p->existed = c->found;
    p->placed = p->placed || !c->found;
    if (p->signing == WEBHOOK_SIGNING_UNSPECIFIED)
        p->signing = c->found ? c->row.signing : WEBHOOK_SIGNING_HMAC;
    p->makes_key = !c->found || p->req->rotate_secret || p->signing != c->row.signing;
    write_hook(c);
}

static void read_old(struct hook_call *c)
{
    const struct putting *p = c->user;
    struct sender_read *r = hook_call_read(c, old_rows, have_old);
    hook_call_add_get(c, r, p->req->webhook_id);
    sender_read_start(r);
}

static void have_feed(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct hook_call *c = rc->user;
    struct putting *p = c->user;
    const char *start = p->req->start;
    p->placed = *start != '\0';
    p->place = read->feed_now->next;
    if (p->placed && strcmp(start, "LATEST") != 0 &&
        !hook_place(c, "start", start, read->feed_now, &p->place))
        rpc_fail(rc->call, &rc->fault);
    else
        read_old(c);
}

/* -- the request ------------------------------------------------------------------------------- */

static void check_url(struct hook_call *c, const char *url)
{
    char why[REACH_WHY_BYTES];
    struct fault *f = &c->rc->fault;
    check_text(f, "url", url, HOOK_URL_MAX, true);
    if (*url && strlen(url) <= HOOK_URL_MAX &&
        http_url_check(url, &c->all->config.reach, why) != AM_OK)
        fault_violation(f, "url", "%s", why);
}

static bool may_see(struct hook_call *c)
{
    const struct putting *p = c->user;
    struct fault *f = &c->rc->fault;
    if (!p->req->include_personal || rpc_call_principal(c->rc->call)->roles & SEES_PERSONAL)
        return true;
    fault_set(f, FAULT_PERMISSION_DENIED, ERROR_REASON_ROLE_MISSING,
              "include_personal needs one of the roles AGENT, SUPERVISOR, CLIENT, GATEWAY beside "
              "ADMIN, because what is sent shows personal data");
    fault_meta(f, "roles", "AGENT, SUPERVISOR, CLIENT, GATEWAY");
    rpc_fail(c->rc->call, f);
    return false;
}

static void put_start(struct read_call *rc)
{
    struct hook_call *c = hook_call_new(rc);
    struct putting *p = ARENA_NEW(rc->arena, struct putting);
    p->req = (const Amends__V1__PutWebhookRequest *)rc->request;
    p->signing = (int)p->req->signing;
    c->user = p;
    rpc_call_at_end(rc->call, wipe, p);
    hook_check_id(&rc->fault, p->req->webhook_id, true);
    check_url(c, p->req->url);
    check_enum(&rc->fault, "signing", WEBHOOK_SIGNING_WORDS, p->signing, false);
    event_filter_check(p->req->filter, "filter", &rc->fault);
    if (!read_call_valid(rc) || service_refuses_system(rc->call) || !may_see(c))
        return;
    rc->read.done = have_feed;
    store_read_feed_now(rc->service->store, &rc->read);
}

void hook_put_call(struct rpc_call *call, void *webhooks)
{
    hook_call_begin(call, webhooks, READ_NOTHING, put_start);
}
