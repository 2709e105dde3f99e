/* SPDX-License-Identifier: Apache-2.0 */

/* IntakeService: from calls to commands and reads. What is decided lies in decide/. */

#include "amends/v1/intake_service.pb-c.h"
#include "amends/v1/policy_service.pb-c.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "intake/rpc/card.h"
#include "intake/decide/decide.h"
#include "intake/intake.h"
#include "intake/rpc/lists.h"
#include "intake/rpc/policy.h"
#include "policy/compile/bundle.h"
#include "rpc/wire.h"

static void not_found(struct read_call *rc, const char *case_id)
{
    fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CASE_NOT_FOUND, "no case %s", case_id);
    fault_meta(&rc->fault, "case_id", "%s", case_id);
    rpc_fail(rc->call, &rc->fault);
}

/* -- GetCase ----------------------------------------------------------------------------------- */

static void get_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    if (!read->cases[0].exists) {
        not_found(rc, ((const Amends__V1__GetCaseRequest *)rc->request)->case_id);
        return;
    }
    Amends__V1__GetCaseResponse r = AMENDS__V1__GET_CASE_RESPONSE__INIT;
    r.case_ = message_case(&read->cases[0], true, rc->arena);
    if (r.case_)
        rpc_reply(rc->call, &r.base);
    else
        read_call_too_large(rc);
}

static void get_start(struct read_call *rc)
{
    const Amends__V1__GetCaseRequest *req = (const Amends__V1__GetCaseRequest *)rc->request;
    struct uuid *id = ARENA_NEW(rc->arena, struct uuid);
    (void)check_uuid(&rc->fault, "case_id", req->case_id, id);
    rc->read.done = get_done;
    if (read_call_valid(rc))
        store_read_cases(rc->service->store, &rc->read, id, 1, CASE_WORDS);
}

static void get_case(struct rpc_call *call, void *service)
{
    service_read(service, call, get_start);
}

/* -- BatchGetCases ----------------------------------------------------------------------------- */

#define BATCH_MAX 100

static void batch_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const Amends__V1__BatchGetCasesRequest *req =
        (const Amends__V1__BatchGetCasesRequest *)rc->request;
    Amends__V1__BatchGetCasesResponse r = AMENDS__V1__BATCH_GET_CASES_RESPONSE__INIT;
    r.cases = ARENA_ARRAY(rc->arena, Amends__V1__Case *, req->n_case_ids);
    r.missing_case_ids = ARENA_ARRAY(rc->arena, char *, req->n_case_ids);
    bool full = false;
    for (size_t i = 0; i < req->n_case_ids && !full; i++) {
        if (read->cases[i].exists)
            full = !(r.cases[r.n_cases++] = message_case(&read->cases[i], true, rc->arena));
        else
            r.missing_case_ids[r.n_missing_case_ids++] = req->case_ids[i];
    }
    if (full)
        read_call_too_large(rc);
    else
        rpc_reply(rc->call, &r.base);
}

static void batch_start(struct read_call *rc)
{
    const Amends__V1__BatchGetCasesRequest *req =
        (const Amends__V1__BatchGetCasesRequest *)rc->request;
    if (req->n_case_ids == 0 || req->n_case_ids > BATCH_MAX)
        fault_violation(&rc->fault, "case_ids", "needs 1 to %d ids, has %zu", BATCH_MAX,
                        req->n_case_ids);
    size_t n = req->n_case_ids <= BATCH_MAX ? req->n_case_ids : BATCH_MAX;
    struct uuid *ids = ARENA_ARRAY(rc->arena, struct uuid, n + 1);
    for (size_t i = 0; i < n; i++)
        (void)check_uuid(&rc->fault, arena_printf(rc->arena, "case_ids[%zu]", i), req->case_ids[i],
                         &ids[i]);
    rc->read.done = batch_done;
    if (read_call_valid(rc))
        store_read_cases(rc->service->store, &rc->read, ids, n, CASE_WORDS);
}

static void batch_get_cases(struct rpc_call *call, void *service)
{
    service_read(service, call, batch_start);
}

/* -- the service ------------------------------------------------------------------------------- */

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A bundle is one text of up to half a megabyte. */
static const struct wire_limits bundle_limits = {.string_bytes = BUNDLE_BYTES_MAX};
#define BUNDLE_MESSAGE_BYTES (BUNDLE_BYTES_MAX + 4096)
/* The least memory of these calls, whatever an operator configures: a bundle has to fit twice, or a
 * long answer. */
#define POLICY_ARENA_BYTES (8u << 20)

static int policy_register(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "ApplyPolicy",
         .handle = policy_apply,
         .slots = 4,
         .wire = &bundle_limits,
         .message_bytes = BUNDLE_MESSAGE_BYTES,
         .arena_bytes = POLICY_ARENA_BYTES},
        {.name = "GetPolicy", .handle = policy_get, .slots = 4, .arena_bytes = POLICY_ARENA_BYTES},
        {.name = "ListPolicyVersions",
         .handle = policy_list,
         .slots = 4,
         .arena_bytes = POLICY_ARENA_BYTES},
        {.name = "MigrateCases",
         .handle = policy_migrate,
         .slots = 4,
         .arena_bytes = POLICY_ARENA_BYTES},
    };
    return rpc_server_add(server, &amends__v1__policy_service__descriptor, methods, COUNT(methods),
                          service);
}

int intake_register(struct rpc_server *server, struct service *service)
{
    static const struct rpc_method methods[] = {
        {.name = "OpenCase", .handle = service_write, .about = &open_case_kind, .slots = 128},
        {.name = "GetCase", .handle = get_case, .slots = 64},
        {.name = "BatchGetCases", .handle = batch_get_cases, .slots = 16},
        {.name = "ListCases", .handle = lists_cases, .slots = 16},
        {.name = "GetCaseHistory", .handle = lists_history, .slots = 16},
        {.name = "VerifyCaseHistory", .handle = lists_verify, .slots = 8},
        {.name = "GetContactCard", .handle = card_get, .slots = 16},
        {.name = "ExplainDeadline",
         .handle = policy_explain,
         .slots = 8,
         .arena_bytes = POLICY_ARENA_BYTES},
    };
    int err = rpc_server_add(server, &amends__v1__intake_service__descriptor, methods,
                             COUNT(methods), service);
    return err ? err : policy_register(server, service);
}
