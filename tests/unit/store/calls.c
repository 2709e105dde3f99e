/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "case/model/decision.h"
#include "store/migrate/migrate.h"
#include "intake/decide/decide.h"

#define CALL_BYTES ((size_t)16 << 20)

static void made(struct command *cmd, const struct decision *d)
{
    struct call *c = CONTAINER_OF(cmd, struct call, sub.cmd);
    c->answered = (d->c && d->c->exists) || d->agents_out.n > 0;
}

static void finished(struct submission *sub)
{
    struct call *c = sub->ctx;
    assert_false(c->done);
    c->done = true;
    if (c->left)
        (*c->left)--;
}

struct got {
    const struct tenant *tenant;
    bool done;
};

static void got_tenant(void *ctx, const struct tenant *tenant, const struct fault *fault)
{
    struct got *got = ctx;
    assert_null(fault);
    got->tenant = tenant;
    got->done = true;
}

static const struct tenant *demo(struct rig *r)
{
    struct got got = {0};
    tenants_get(r->tenants, "demo", &r->arena, got_tenant, &got);
    rig_run(r, &got.done);
    return got.tenant;
}

void call_init(struct rig *r, struct call *c, const struct command_kind *kind,
               const ProtobufCMessage *request)
{
    const struct tenant *tenant = demo(r);
    memset(c, 0, sizeof(*c));
    arena_init(&c->arena, CALL_BYTES);
    c->sub = (struct submission){.cmd = {.kind = kind,
                                         .arena = &c->arena,
                                         .tenant_id = tenant->id,
                                         .tenant = tenant->name,
                                         .principal = "crm",
                                         .seed = uuid_new(time_now_us(r->time)),
                                         .answer = made},
                                 .seg = {.deadline_us = time_mono_us() + 9 * US_PER_S},
                                 .finished = finished,
                                 .ctx = c};
    if (!request)
        return;
    struct fault fault;
    fault_init(&fault, &c->arena);
    command_from_request(&c->sub.cmd, request, &fault);
    assert_false(fault_is_set(&fault));
}

void call_free(struct call *c)
{
    arena_free(&c->arena);
}

void call_run(struct rig *r, struct call *c)
{
    store_submit(r->store, &c->sub);
    rig_run(r, &c->done);
}

void calls_run(struct rig *r, struct call *calls, size_t n)
{
    size_t left = n;
    for (size_t i = 0; i < n; i++) {
        calls[i].left = &left;
        store_submit(r->store, &calls[i].sub);
    }
    for (size_t i = 0; i < n; i++)
        rig_run(r, &calls[i].done);
    assert_int_equal(left, 0);
}

static char *copy(struct arena *arena, const char *text)
{
    char *s = arena_strdup(arena, text);
    assert_non_null(s);
    return s;
}

static const ProtobufCMessage *new_request(struct arena *arena, const struct opening *o)
{
    Amends__V1__OpenCaseRequest *q = ARENA_NEW(arena, Amends__V1__OpenCaseRequest);
    Amends__V1__Failure *f = ARENA_NEW(arena, Amends__V1__Failure);
    char id[UUID_TEXT_LEN + 1];
    const struct uuid fresh = uuid_new(0);
    amends__v1__open_case_request__init(q);
    amends__v1__failure__init(f);
    f->code = copy(arena, o->code);
    f->description = copy(arena, "the bill was wrong twice");
    f->order_reference = copy(arena, o->order);
    q->request_id = copy(arena, o->request_id ? o->request_id : uuid_format(&fresh, id));
    q->trigger = AMENDS__V1__TRIGGER__TRIGGER_COMPLAINT;
    q->channel = AMENDS__V1__CHANNEL__CHANNEL_PHONE;
    q->customer_id = copy(arena, o->customer_id);
    q->customer_name = copy(arena, "Ada Example");
    q->failure = f;
    return &q->base;
}

void call_open(struct rig *r, struct call *c, struct opening o)
{
    call_init(r, c, &open_case_kind, NULL);
    struct fault fault;
    fault_init(&fault, &c->arena);
    command_from_request(&c->sub.cmd, new_request(&c->arena, &o), &fault);
    assert_false(fault_is_set(&fault));
}

static void reading_done(struct store_read *read)
{
    CONTAINER_OF(read, struct reading, read)->done = true;
}

void reading_init(struct rig *r, struct reading *x)
{
    memset(x, 0, sizeof(*x));
    arena_init(&x->arena, CALL_BYTES);
    x->read = (struct store_read){.arena = &x->arena,
                                  .tenant_id = demo(r)->id,
                                  .tenant = "demo",
                                  .deadline_us = time_mono_us() + 9 * US_PER_S,
                                  .done = reading_done};
}

void reading_free(struct reading *x)
{
    arena_free(&x->arena);
}

void assert_sound(struct rig *r)
{
    int64_t broken = -1;
    assert_int_equal(migrate_check(r->conninfo, stdout, &broken), AM_OK);
    assert_int_equal(broken, 0);
}
