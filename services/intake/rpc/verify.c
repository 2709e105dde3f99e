/* SPDX-License-Identifier: Apache-2.0 */

/* VerifyCaseHistory: reads the whole chain in slices and computes it again. */

#include "amends/v1/intake_service.pb-c.h"
#include "contract/check.h"
#include "case/history/chain.h"
#include "contract/reasons.h"
#include "intake/rpc/lists.h"

#define SLICE_MOST 500
#define CATCH_UP_MAX 5

struct verify {
    struct uuid case_id;
    struct chain_check check;
    struct store_read
        read; /* reads into `slice`: a long history needs no more memory than one slice */
    struct arena slice;
    int64_t last_seq;
    int catch_up, asked;
};

static void next_slice(struct read_call *rc);

static void answer(struct read_call *rc, const struct chain_check *k)
{
    Amends__V1__VerifyCaseHistoryResponse r = AMENDS__V1__VERIFY_CASE_HISTORY_RESPONSE__INIT;
    r.intact = k->intact;
    r.events = k->events;
    r.erased = k->erased;
    r.first_bad_sequence = k->first_bad_seq;
    r.problem = (char *)(uintptr_t)k->problem;
    r.head_hash =
        (ProtobufCBinaryData){.len = sizeof k->head, .data = (uint8_t *)(uintptr_t)k->head};
    rpc_reply(rc->call, &r.base);
}

static void feed(struct verify *v, const char *tenant)
{
    size_t p = 0;
    ROWS_EACH (e, struct event_row, &v->read.events) {
        while (p < v->read.privates.n &&
               ROW_AT(&v->read.privates, struct event_private_row, p)->seq < e->seq)
            p++;
        const struct event_private_row *personal =
            p < v->read.privates.n ? ROW_AT(&v->read.privates, struct event_private_row, p) : NULL;
        chain_next(&v->check, tenant, e, personal && personal->seq == e->seq ? personal : NULL);
        v->last_seq = e->seq;
    }
}

static void finish(struct read_call *rc, struct verify *v)
{
    struct arena slice = v->slice; /* `v` lies in the call's arena, which goes with the answer */
    if (fault_is_set(&v->read.fault)) {
        rpc_fail(rc->call, &v->read.fault);
    } else if (!v->read.cases[0].exists) {
        char text[UUID_TEXT_LEN + 1];
        fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no case %s",
                  uuid_format(&v->case_id, text));
        rpc_fail(rc->call, &rc->fault);
    } else {
        chain_end(&v->check, &v->read.cases[0].row);
        answer(rc, &v->check);
    }
    arena_free(&slice);
}

static void refuse_gone(struct read_call *rc, const struct verify *v)
{
    struct arena slice = v->slice;
    rpc_fail(rc->call, &rc->fault);
    arena_free(&slice);
}

static void slice_done(struct store_read *read)
{
    struct read_call *rc = read->ctx;
    struct verify *v = rc->user;
    if (fault_is_set(&read->fault) || !read->cases[0].exists) {
        finish(rc, v);
        return;
    }
    feed(v, rc->tenant->name);
    /* The case row and its events are read by two statements, and a command may commit between
     * them. Then the case names a last event that was not read; the next look finds it. When
     * looking again does not help, the history is not intact. */
    const bool apart = read->cases[0].row.last_seq != v->last_seq;
    const bool more = (int)read->events.n == v->asked || (apart && v->catch_up++ < CATCH_UP_MAX);
    if (more && read_call_gone(rc))
        refuse_gone(rc, v);
    else if (more)
        next_slice(rc);
    else
        finish(rc, v);
}

static void next_slice(struct read_call *rc)
{
    struct verify *v = rc->user;
    v->asked = read_slice_rows(&v->read, v->read.events.n, SLICE_MOST);
    read_slice_begin(rc, &v->read, &v->slice, slice_done, rc);
    store_read_events(rc->service->store, &v->read, &v->case_id, v->last_seq, v->asked);
}

static void start(struct read_call *rc)
{
    const size_t slice_bytes = 16u << 20;
    const Amends__V1__VerifyCaseHistoryRequest *req =
        (const Amends__V1__VerifyCaseHistoryRequest *)rc->request;
    struct verify *v = ARENA_NEW(rc->arena, struct verify);
    (void)check_uuid(&rc->fault, "case_id", req->case_id, &v->case_id);
    if (!read_call_valid(rc))
        return;
    arena_init(&v->slice, slice_bytes);
    chain_begin(&v->check);
    rc->user = v;
    next_slice(rc);
}

void lists_verify(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, start);
}
