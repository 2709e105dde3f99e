/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/list.h"
#include "contract/reasons.h"
#include "contract/roles.h"
#include "contract/words.h"
#include "rpc/parts.h"
#include "rpc/caller/tls_peer.h"

const struct auth_checker *fixture_checker;
const struct rpc_principal echo_principal = {.tenant = "acme", .id = "agent:7"};

static const Amends__Test__EchoRequest *request_of(struct rpc_call *call)
{
    return (const void *)rpc_call_request(call);
}

/* -- handlers ---------------------------------------------------------------------------------- */

static void tell_peer(struct rpc_call *call, Amends__Test__EchoResponse *response)
{
    static const char *const kinds[TLS_NAME_KINDS] = {"dns", "uri", "email", "ip"};
    struct arena *arena = rpc_call_arena(call);
    struct tls_peer peer;
    rpc_call_tls_peer(call, &peer);
    AM_ASSERT(peer.certified || peer.n_names == 0);
    response->peer = ARENA_ARRAY(arena, char *, peer.n_names + 1);
    if (peer.secure)
        response->peer[response->n_peer++] = arena_strdup(arena, "secure");
    for (size_t i = 0; i < peer.n_names; i++)
        response->peer[response->n_peer++] =
            arena_printf(arena, "%s %s", kinds[peer.names[i].kind], peer.names[i].text);
}

static void answer(struct rpc_call *call)
{
    Amends__Test__EchoResponse response = AMENDS__TEST__ECHO_RESPONSE__INIT;
    response.request = unconst(request_of(call));
    response.tenant = unconst(rpc_call_principal(call)->tenant);
    response.principal = unconst(rpc_call_principal(call)->id);
    response.left_ms = (rpc_call_deadline_us(call) - time_mono_us()) / US_PER_MS;
    response.from = unconst(rpc_call_peer(call));
    response.local = rpc_call_is_local(call);
    tell_peer(call, &response);
    rpc_reply(call, &response.base);
}

static void echo(struct rpc_call *call, void *ctx)
{
    struct fixture *f = ctx;
    f->handled++;
    answer(call);
}

static void replay(struct rpc_call *call, void *ctx)
{
    struct fixture *f = ctx;
    f->handled++;
    rpc_call_set_replayed(call);
    answer(call);
}

static void refuse(struct rpc_call *call, void *ctx)
{
    struct fixture *f = ctx;
    const Amends__Test__EchoRequest *r = request_of(call);
    struct fault fault;
    f->handled++;
    fault_init(&fault, rpc_call_arena(call));
    fault_set(&fault, (enum fault_code)r->number, ERROR_REASON_CLOSE_GATE, "%s", r->text);
    fault_meta(&fault, "version", "%d", 42);
    for (int i = 0; r->n_numbers > 0 && i < r->numbers[0]; i++) {
        if (fault.code == FAULT_INVALID_ARGUMENT)
            fault_violation(&fault, "text", "violation %d", i);
        else
            fault_missing(&fault, "SURVEY", "item %d is missing", i);
    }
    fault.retry_ms = 1500;
    rpc_fail(call, &fault);
}

static void hold(struct rpc_call *call, void *ctx)
{
    struct fixture *f = ctx;
    f->handled++;
    AM_ASSERT(f->held < (int)(sizeof(f->hold) / sizeof(f->hold[0])));
    f->hold[f->held] = call;
    f->held++;
}

struct watch {
    struct fixture *fixture;
    int64_t left;
};

static void finish_watch(struct rpc_call *call)
{
    struct fault fault;
    fault_init(&fault, rpc_call_arena(call));
    if (strcmp(request_of(call)->text, "finish") == 0) {
        rpc_stream_finish(call);
    } else if (strcmp(request_of(call)->text, "fail") == 0) {
        fault_set(&fault, FAULT_OUT_OF_RANGE, ERROR_REASON_POLICY_MOVED, "start again");
        rpc_fail(call, &fault);
    }
}

/* Of some shared bytes without the first two, and of own ones. */
static void send_parts(struct rpc_call *call)
{
    char *text = strdup("--\x12\x04"
                        "acme");
    AM_ASSERT(text != NULL);
    struct rpc_bytes *bytes = rpc_bytes_take(text, strlen(text));
    const struct rpc_part parts[] = {{.bytes = bytes, .from = 2, .len = 6},
                                     {.own = slice_str("\x1a\x03"
                                                       "ann")}};
    rpc_stream_send_packed(call, rpc_pack_parts(parts, 2));
    rpc_bytes_free(bytes);
}

static void advance(struct rpc_call *call, struct watch *w)
{
    Amends__Test__EchoResponse response = AMENDS__TEST__ECHO_RESPONSE__INIT;
    if (w->left == 0) {
        finish_watch(call);
        return;
    }
    response.left_ms = w->left--;
    if (strcmp(request_of(call)->text, "parts") == 0) {
        send_parts(call);
        return;
    }
    response.request = unconst(request_of(call));
    AM_ASSERT(!rpc_stream_busy(call));
    rpc_stream_send(call, &response.base);
    AM_ASSERT(rpc_stream_busy(call));
}

static void on_sent(struct rpc_call *call, void *ctx)
{
    struct watch *w = ctx;
    w->fixture->sent++;
    advance(call, w);
}

static void on_closed(struct rpc_call *call, void *ctx)
{
    struct watch *w = ctx;
    if (rpc_call_cancelled(call))
        w->fixture->gone++;
    w->fixture->closed++;
    w->fixture = NULL; /* a second time would crash */
}

static void watch(struct rpc_call *call, void *ctx)
{
    static const struct rpc_stream_ops ops = {.sent = on_sent, .closed = on_closed};
    struct fixture *f = ctx;
    struct fault fault;
    f->handled++;
    if (strcmp(request_of(call)->text, "refuse") == 0) {
        fault_init(&fault, rpc_call_arena(call));
        fault_set(&fault, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_AN_AGENT, "only agents watch");
        rpc_fail(call, &fault);
        return;
    }
    struct watch *w = ARENA_NEW(rpc_call_arena(call), struct watch);
    *w = (struct watch){.fixture = f, .left = request_of(call)->number};
    f->opened++;
    rpc_stream_open(call, &ops, w);
    if (!rpc_stream_busy(call))
        advance(call, w);
}

/* -- server ------------------------------------------------------------------------------------ */

void fixture_start(struct fixture *f, const struct rpc_server_config *config)
{
    static const struct rpc_server_config none;
    struct rpc_method methods[] = {
        {.name = "Echo", .handle = echo, .slots = 16},
        {.name = "Replay",
         .handle = replay,
         .message_bytes = RPC_MESSAGE_MOST,
         .arena_bytes = 8 * (size_t)RPC_MESSAGE_MOST},
        {.name = "Fail", .handle = refuse},
        {.name = "Hold", .handle = hold, .slots = 2},
        {.name = "Watch", .kind = RPC_SERVER_STREAM, .handle = watch, .slots = 2},
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        methods[i].roles = ROLE_BIT(ROLE_AGENT);
    memset(f, 0, sizeof(*f));
    f->time = time_source_new();
    f->loop = loop_new(f->time);
    f->server = rpc_server_new(config ? config : &none, f->loop);
    AM_ASSERT(rpc_server_add(f->server, &amends__test__echo_service__descriptor, methods, 5, f) ==
              0);
    if (fixture_checker)
        rpc_server_add_checker(f->server, fixture_checker);
    AM_ASSERT(rpc_server_start(f->server) == 0);
    rpc_server_set_serving(f->server, true);
    AM_ASSERT(loop_start_thread(f->loop) == 0);
}

struct errand {
    struct loop_job job;
    void (*fn)(void *ctx);
    void *ctx;
    _Atomic int done;
};

static void run_errand(struct loop_job *job)
{
    struct errand *e = CONTAINER_OF(job, struct errand, job);
    e->fn(e->ctx);
    e->done = 1;
}

void fixture_on_loop(struct fixture *f, void (*fn)(void *ctx), void *ctx)
{
    struct errand e = {.job.run = run_errand, .fn = fn, .ctx = ctx};
    loop_post(f->loop, &e.job);
    fixture_wait(&e.done, 1);
}

void fixture_wait(_Atomic int *counter, int at_least)
{
    for (int i = 0; i < 10000; i++) {
        if (*counter >= at_least)
            return;
        (void)usleep(1000);
    }
    fail_msg("waited in vain for %d, is %d", at_least, *counter);
}

static void release(void *ctx)
{
    struct fixture *f = ctx;
    while (f->held > 0) {
        f->held--;
        answer(f->hold[f->held]);
    }
}

void fixture_release(struct fixture *f)
{
    fixture_on_loop(f, release, f);
}

static _Atomic int drained;

static void on_drained(void *ctx)
{
    (void)ctx;
    drained = 1;
}

static void drain(void *ctx)
{
    struct fixture *f = ctx;
    rpc_server_drain(f->server, on_drained, f);
}

void fixture_drain(struct fixture *f)
{
    drained = 0;
    f->draining = true;
    fixture_on_loop(f, drain, f);
}

void fixture_wait_ended(struct fixture *f)
{
    fixture_wait(&drained, 1);
    loop_stop(f->loop);
    loop_join(f->loop);
}

void fixture_free(struct fixture *f)
{
    rpc_server_free(f->server);
    loop_free(f->loop);
    time_source_free(f->time);
    f->server = NULL;
}

void fixture_wait_drained(struct fixture *f)
{
    fixture_wait_ended(f);
    fixture_free(f);
}

void fixture_stop(struct fixture *f)
{
    if (!f->server)
        return;
    fixture_release(f);
    if (!f->draining)
        fixture_drain(f);
    fixture_wait_drained(f);
}

unsigned echo_method(const char *name)
{
    const ProtobufCServiceDescriptor *d = &amends__test__echo_service__descriptor;
    for (unsigned i = 0; i < d->n_methods; i++)
        if (strcmp(d->methods[i].name, name) == 0)
            return i;
    fail_msg("no method %s", name);
    return 0;
}
