/* SPDX-License-Identifier: Apache-2.0 */

/* EraseCustomer: notes the erasure, then runs it (shared/erasure.h). One that was noted is finished
 * whatever becomes of the call: by its repeat, or by the standing job of assignment. */

#include <stdio.h>
#include <string.h>

#include "amends/v1/privacy_service.pb-c.h"
#include "base/digest.h"
#include "case/command/request.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/words.h"
#include "intake/rpc/privacy.h"
#include "shared/erasure.h"

#define REASON_BYTES 1000
#define LISTED_BYTES 800 /* of ids in the metadata of an error */

struct erase_call {
    struct read_call *rc;
    const Amends__V1__EraseCustomerRequest *request;
    struct command hashed; /* only what command_from_request() finds */
    struct erasure erasure;
    bool replayed;
    Amends__V1__EraseCustomerResponse response;
};

/* Its request has an id and a body like that of a command, but no case. */
static const struct command_kind erase_customer = {.name = "EraseCustomer"};

void privacy_no_customer(struct read_call *rc, const char *customer_id)
{
    fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CUSTOMER_NOT_FOUND,
              "no case of customer '%s'", customer_id);
    fault_meta(&rc->fault, "customer_id", "%s", customer_id);
    rpc_fail(rc->call, &rc->fault);
}

/* -- the end ----------------------------------------------------------------------------------- */

static void refuse(struct erase_call *x, const struct fault *fault)
{
    struct erasure e = x->erasure; /* what the fault says may lie in its arena */
    rpc_fail(x->rc->call, fault);
    erasure_free(&e);
}

static char *id_text(const struct uuid *id, struct arena *arena)
{
    return uuid_format(id, ARENA_ARRAY(arena, char, UUID_TEXT_LEN + 1));
}

static void tell_counts(struct erase_call *x)
{
    const struct erasure *e = &x->erasure;
    Amends__V1__EraseCustomerResponse *r = &x->response;
    r->cases = e->cases;
    r->open = e->open;
    r->erased = x->replayed ? 0 : e->erased;
    r->open_case_ids = ARENA_ARRAY(x->rc->arena, char *, ERASURE_OPEN_MOST);
    while (r->n_open_case_ids < (size_t)e->open && r->n_open_case_ids < ERASURE_OPEN_MOST) {
        r->open_case_ids[r->n_open_case_ids] =
            id_text(&e->open_ids[r->n_open_case_ids], x->rc->arena);
        r->n_open_case_ids++;
    }
}

static void tell_row(struct erase_call *x)
{
    const struct erasure_row *row = &x->erasure.row;
    struct arena *arena = x->rc->arena;
    const struct slice packed = row->certificate;
    x->response.erasure_id = id_text(&row->erasure_id, arena);
    x->response.begin_time = message_time(row->begun_at, arena);
    x->response.end_time = message_time(row->ended_at, arena);
    x->response.certificate =
        amends__v1__erasure_certificate__unpack(NULL, packed.len, packed.data);
}

static void answer(struct erase_call *x)
{
    struct rpc_call *call = x->rc->call;
    Amends__V1__ErasureCertificate *certificate = NULL;
    tell_counts(x);
    if (!x->request->dry_run)
        tell_row(x);
    certificate = x->response.certificate;
    if (x->replayed)
        rpc_call_set_replayed(call);
    erasure_free(&x->erasure);
    rpc_reply(call, &x->response.base);
    if (certificate)
        amends__v1__erasure_certificate__free_unpacked(certificate, NULL);
}

/* -- the erasure ------------------------------------------------------------------------------- */

static bool nobody_waits(void *ctx)
{
    return read_call_gone(((struct erase_call *)ctx)->rc);
}

static void erased(struct erasure *e, const struct fault *fault)
{
    struct erase_call *x = e->ctx;
    if (fault)
        refuse(x, fault);
    else
        answer(x);
}

static void run(struct erase_call *x)
{
    x->erasure.done = erased;
    erasure_run(&x->erasure);
}

static void row_written(struct store_read *read)
{
    struct read_call *rc = read->ctx;
    struct erase_call *x = rc->user;
    if (fault_is_set(&read->fault))
        refuse(x, &read->fault);
    else
        run(x);
}

static void refuse_open(struct erase_call *x)
{
    struct fault *f = &x->rc->fault;
    char ids[LISTED_BYTES] = "";
    tell_counts(x);
    for (size_t i = 0; i < x->response.n_open_case_ids; i++) {
        const size_t used = strlen(ids);
        (void)snprintf(ids + used, sizeof(ids) - used, "%s%s", used ? " " : "",
                       x->response.open_case_ids[i]);
    }
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_CASE_OPEN,
              "%lld cases of the customer have not ended; end them first, or give include_open",
              (long long)x->response.open);
    fault_meta(f, "cases", "%lld", (long long)x->response.open);
    fault_meta(f, "case_ids", "%s", ids);
    refuse(x, f);
}

static void counted(struct erasure *e, const struct fault *fault)
{
    struct erase_call *x = e->ctx;
    struct read_call *rc = x->rc;
    if (fault) {
        refuse(x, fault);
    } else if (x->replayed || (x->request->dry_run && e->cases > 0)) {
        answer(x);
    } else if (e->cases == 0) {
        erasure_free(e);
        privacy_no_customer(rc, x->request->customer_id);
    } else if (e->open > 0 && !x->request->include_open) {
        refuse_open(x);
    } else {
        rc->read.done = row_written;
        store_begin_erasure(rc->service->store, &rc->read, &e->row);
    }
}

static void count(struct erase_call *x)
{
    x->erasure.done = counted;
    erasure_count(&x->erasure);
}

/* -- the row ----------------------------------------------------------------------------------- */

static void refuse_reused(struct erase_call *x)
{
    fault_set(&x->rc->fault, FAULT_ALREADY_EXISTS, ERROR_REASON_REQUEST_ID_REUSED,
              "request_id was used before with another body");
    refuse(x, &x->rc->fault);
}

/* The row lives in the call's arena. */
static void row_read(struct store_read *read)
{
    struct read_call *rc = read->ctx;
    struct erase_call *x = rc->user;
    const struct erasure_row *row =
        read->found.n > 0 ? ROW_AT(&read->found, const struct erasure_row, 0) : NULL;
    if (fault_is_set(&read->fault)) {
        refuse(x, &read->fault);
    } else if (row && !slice_eq(row->body_hash, x->erasure.row.body_hash)) {
        refuse_reused(x);
    } else if (row && row->ended_at == 0) {
        x->erasure.row = *row;
        run(x);
    } else {
        x->replayed = row != NULL;
        if (row)
            x->erasure.row = *row;
        count(x);
    }
}

/* The same for the repeat of a request, another one for another principal's. */
static struct uuid erasure_id(const struct command *cmd, const char *principal)
{
    uint8_t hash[DIGEST_LEN];
    struct uuid id;
    struct digest_ctx *d = digest_begin();
    digest_add_field(d, "erasure", sizeof("erasure"));
    digest_add_field(d, principal, strlen(principal));
    digest_add_field(d, cmd->request_id.b, sizeof(cmd->request_id.b));
    digest_end(d, hash);
    memcpy(id.b, hash, sizeof(id.b));
    id.b[6] = (uint8_t)((id.b[6] & 0x0f) | 0x80); /* RFC 9562: version 8, made of a hash */
    id.b[8] = (uint8_t)((id.b[8] & 0x3f) | 0x80);
    return id;
}

static void fill_row(struct erase_call *x)
{
    const struct command *cmd = &x->hashed;
    const struct rpc_principal *who = rpc_call_principal(x->rc->call);
    x->erasure.row = (struct erasure_row){
        .tenant_id = x->rc->tenant->id,
        .erasure_id = erasure_id(cmd, who->via),
        .request_id = cmd->request_id,
        .body_hash = slice_of(cmd->body_hash, sizeof(cmd->body_hash)),
        .customer_id = x->request->customer_id,
        .reason = x->request->reason,
        .actor = who->id,
        .via = strcmp(who->via, who->id) == 0 ? "" : who->via,
        .open_too = x->request->include_open,
        .begun_at = time_now_us(loop_time(x->rc->service->loop)),
    };
}

/* -- the start --------------------------------------------------------------------------------- */

static void validate(struct erase_call *x)
{
    struct read_call *rc = x->rc;
    const Amends__V1__EraseCustomerRequest *req = x->request;
    x->hashed = (struct command){.kind = &erase_customer, .arena = rc->arena};
    if (!req->dry_run)
        command_from_request(&x->hashed, rc->request, &rc->fault);
    check_text(&rc->fault, "customer_id", req->customer_id, PRIVACY_CUSTOMER_ID_BYTES, true);
    check_text(&rc->fault, "reason", req->reason, REASON_BYTES, true);
}

static void start(struct read_call *rc)
{
    struct erase_call *x = ARENA_NEW(rc->arena, struct erase_call);
    rc->user = x;
    x->rc = rc;
    x->request = (const Amends__V1__EraseCustomerRequest *)rc->request;
    amends__v1__erase_customer_response__init(&x->response);
    validate(x);
    if (!read_call_valid(rc) || service_refuses_system(rc->call))
        return;
    x->erasure = (struct erasure){.service = rc->service,
                                  .tenant = rc->tenant,
                                  .cause = ERASURE_CAUSE_REQUEST,
                                  .deadline_us = rpc_call_deadline_us(rc->call),
                                  .gone = nobody_waits,
                                  .ctx = x};
    erasure_init(&x->erasure);
    fill_row(x);
    if (x->request->dry_run) {
        count(x);
        return;
    }
    rc->read.done = row_read;
    store_read_erasure(rc->service->store, &rc->read, &x->erasure.row.erasure_id);
}

void privacy_erase(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, start);
}
