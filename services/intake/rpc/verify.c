/* SPDX-License-Identifier: Apache-2.0 */

/* VerifyCaseHistory: proves one case. */

#include "amends/v1/intake_service.pb-c.h"
#include "contract/reasons.h"
#include "intake/rpc/found.h"
#include "intake/rpc/lists.h"
#include "intake/rpc/prover.h"
#include "shared/named_case.h"

/* Rows of a usual case; one with more waits until it may hold as much as the fullest. */
#define ROWS_BYTES (256u << 10)

static void answer(struct read_call *rc, struct prover *p)
{
    Amends__V1__VerifyCaseHistoryResponse r = AMENDS__V1__VERIFY_CASE_HISTORY_RESPONSE__INIT;
    struct proof *proof = &p->proof;
    r.intact = proof->n_found == 0;
    r.events = proof->chain.events;
    r.erased = proof->chain.erased;
    r.first_bad_sequence = proof->first_bad_seq;
    r.problem = (char *)(uintptr_t)proof->problem;
    r.head_hash = (ProtobufCBinaryData){.len = sizeof p->head, .data = p->head};
    r.findings = proof->findings;
    r.n_findings = proof->n_findings;
    r.rows = proof->rows;
    found_tell(rc->tenant->name, r.findings, r.n_findings);
    rpc_reply(rc->call, &r.base);
}

static void refuse_missing(struct read_call *rc, const struct prover *p)
{
    char text[UUID_TEXT_LEN + 1];
    fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no case %s",
              uuid_format(&p->case_id, text));
    rpc_fail(rc->call, &rc->fault);
}

static void begin_fullest(struct read_call *rc);

/* `p` lies in the call's arena, which goes with the answer; what it owns does not. */
static void proved(struct prover *p)
{
    struct read_call *rc = p->ctx;
    struct arena rows = p->rows;
    struct arena slice = p->slice;
    if (p->too_large && p->rows_most > 0) {
        prover_free(p);
        read_call_ask(rc, READ_CASE_FULLEST, begin_fullest);
        return;
    }
    if (p->stopped)
        rpc_fail(rc->call, &rc->fault);
    else if (fault_is_set(&p->fault))
        rpc_fail(rc->call, &p->fault);
    else if (!p->exists)
        refuse_missing(rc, p);
    else
        answer(rc, p);
    arena_free(&slice);
    arena_free(&rows);
}

static bool gone(struct prover *p)
{
    return read_call_gone(p->ctx);
}

static void begin(struct read_call *rc, size_t rows_most)
{
    struct prover *p = rc->user;
    p->rows_most = rows_most;
    prover_start(p);
}

static void begin_fullest(struct read_call *rc)
{
    begin(rc, 0);
}

static void known(struct read_call *rc)
{
    begin(rc, ROWS_BYTES);
}

static void start(struct read_call *rc)
{
    const Amends__V1__VerifyCaseHistoryRequest *req =
        (const Amends__V1__VerifyCaseHistoryRequest *)rc->request;
    struct prover *p = ARENA_NEW(rc->arena, struct prover);
    p->store = rc->service->store;
    p->tenant_id = rc->tenant->id;
    p->tenant = rc->tenant->name;
    p->deadline_us = rc->read.deadline_us;
    p->gone = gone;
    p->done = proved;
    p->ctx = rc;
    rc->user = p;
    named_case(rc, req->case_id, &p->case_id, known);
}

void lists_verify(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, start);
}
