/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The calls that make, rotate and revoke API keys. The id of a new key follows from the caller and
 * the request id, so that a repeat finds the key that the first call made. Its text is then known
 * to nobody any more.
 */

#include <inttypes.h>
#include <string.h>

#include "auth/role_set.h"
#include "base/log.h"
#include "case/model/command.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/timestamp.h"
#include "contract/word.h"
#include "contract/words.h"
#include "intake/rpc/keys.h"

#define DESCRIPTION_BYTES_MAX 200
#define TEXT(s) ((char *)(uintptr_t)(s)) /* protobuf-c's strings are not const */

/* A call that makes a key. */
struct making {
    struct read_call *rc;
    struct api_key key;
    struct key_new made;
    struct api_key_id old; /* of a rotation */
    uint8_t request_hash[DIGEST_LEN];
    bool ended; /* its end has come already: only a repeat can be answered */
    void (*answer)(struct making *m, const struct store_read *read, const struct key_row *row,
                   const char *text);
};

static void wipe(void *ctx)
{
    struct making *m = ctx;
    api_key_forget(&m->key);
}

/* -- the request ------------------------------------------------------------------------------- */

/* Of the request with its request id left out: what a repeat must be equal in. */
static void hash_request(struct making *m, const ProtobufCMessage *without_id)
{
    uint8_t *packed =
        ARENA_ARRAY(m->rc->arena, uint8_t, protobuf_c_message_get_packed_size(without_id) + 1);
    const size_t len = protobuf_c_message_pack(without_id, packed);
    digest_sha256(packed, len, m->request_hash);
    m->made.request_hash = slice_of(m->request_hash, sizeof m->request_hash);
}

/* The caller is who calls, not on whose behalf: as for all request ids. */
static void make_key(struct making *m, const char *call, const struct uuid *request_id)
{
    const struct read_call *rc = m->rc;
    const char *caller = rpc_call_principal(rc->call)->via;
    struct digest_ctx *d = digest_begin();
    uint8_t digest[DIGEST_LEN];
    struct api_key_id id;
    digest_add_field(d, &rc->tenant->id, sizeof rc->tenant->id);
    digest_add_field(d, caller, strlen(caller));
    digest_add_field(d, call, strlen(call));
    digest_add_field(d, request_id, sizeof *request_id);
    digest_end(d, digest);
    api_key_derive_id(digest, &id);
    api_key_make(&id, &m->key);
    m->made.mark = m->key.mark;
    m->made.creator = caller;
    m->made.now_us = keys_now_us(rc);
}

static void check_end(struct making *m, const Google__Protobuf__Timestamp *end)
{
    check_future_time(&m->rc->fault, "end_time", end, CHECK_FORM_ONLY, false);
    if (fault_is_set(&m->rc->fault) || !end)
        return;
    m->made.expires_at = timestamp_us(end);
    m->ended = m->made.expires_at <= m->made.now_us;
}

static uint32_t check_roles(struct fault *fault, const Amends__V1__Role *roles, size_t n)
{
    uint32_t set = 0;
    for (size_t i = 0; i < n; i++)
        set |= ROLE_BIT(roles[i]);
    if (n == 0)
        fault_violation(fault, "roles", "needs at least one role");
    else if (set & ROLE_BIT(ROLE_UNSPECIFIED))
        fault_violation(fault, "roles", "has UNSPECIFIED, which is no role");
    else if (set & ROLE_BIT(ROLE_INTERNAL))
        fault_violation(fault, "roles", "has INTERNAL, which only the services themselves have");
    return set;
}

static void check_whose(struct fault *fault, const char *principal)
{
    check_principal(fault, "principal", principal);
    if (strcmp(principal, SYSTEM_ACTOR) == 0)
        fault_violation(fault, "principal", "'%s' is reserved for the system", SYSTEM_ACTOR);
    else if (check_is_customer(principal, strlen(principal)))
        fault_violation(fault, "principal",
                        "begins as the names of customers do, for whom a gateway calls");
}

/* -- the answer -------------------------------------------------------------------------------- */

static void refuse(struct making *m)
{
    rpc_fail(m->rc->call, &m->rc->fault);
}

static void refuse_full(struct making *m, const struct store_read *read)
{
    struct fault *f = &m->rc->fault;
    const bool working = read->n_keys_working >= KEYS_WORKING_MAX;
    if (working)
        fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_API_KEYS_FULL,
                  "the tenant has %" PRId64 " API keys that work, and %d are the most; revoke those"
                  " that are not used any more",
                  read->n_keys_working, KEYS_WORKING_MAX);
    else
        fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_API_KEYS_FULL,
                  "the tenant has %" PRId64 " API keys with those that ended in the last 90 days,"
                  " and %d are the most",
                  read->n_keys_all, KEYS_MAX);
    fault_meta(f, "working", "%" PRId64, read->n_keys_working);
    fault_meta(f, "all", "%" PRId64, read->n_keys_all);
    refuse(m);
}

static void refuse_reused(struct making *m)
{
    fault_set(&m->rc->fault, FAULT_ALREADY_EXISTS, ERROR_REASON_REQUEST_ID_REUSED,
              "request_id was used before with another body");
    refuse(m);
}

/* There is a key of the new id. One with our own hash was made by this call, even if its answer was
 * lost on the way from the database and it was made by the first of two attempts. */
static void answer_made(struct making *m, const struct store_read *read, const struct key_row *row)
{
    const struct read_call *rc = m->rc;
    if (api_key_same(row->mark.hash, m->key.mark.hash)) {
        log_info("access", "key_made", LOG_STR("tenant", rc->tenant->name),
                 LOG_STR("key_id", row->mark.id.text));
        m->answer(m, read, row, m->key.text);
    } else if (slice_eq(row->request_hash, m->made.request_hash)) {
        rpc_call_set_replayed(rc->call);
        m->answer(m, read, row, "");
    } else {
        refuse_reused(m);
    }
}

static void refuse_ended(struct making *m)
{
    fault_violation(&m->rc->fault, "end_time", "is not in the future");
    refuse(m);
}

/* -- CreateApiKey ------------------------------------------------------------------------------ */

static void answer_create(struct making *m, const struct store_read *read,
                          const struct key_row *row, const char *text)
{
    Amends__V1__CreateApiKeyResponse r = AMENDS__V1__CREATE_API_KEY_RESPONSE__INIT;
    (void)read;
    r.api_key = keys_message(row, m->made.now_us, m->rc->arena);
    r.key = TEXT(text);
    r.key_was_shown = !*text;
    rpc_reply(m->rc->call, &r.base);
}

static void created(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct making *m = rc->user;
    const struct key_row *row = keys_result(read, &m->made.mark.id);
    if (row)
        answer_made(m, read, row);
    else if (m->ended)
        refuse_ended(m);
    else
        refuse_full(m, read);
}

static void check_create(struct making *m, const Amends__V1__CreateApiKeyRequest *req)
{
    struct fault *fault = &m->rc->fault;
    Amends__V1__CreateApiKeyRequest body = *req;
    struct uuid request_id = {{0}};
    body.request_id = TEXT("");
    (void)check_uuid(fault, "request_id", req->request_id, &request_id);
    check_whose(fault, req->principal);
    m->made.roles = check_roles(fault, req->roles, req->n_roles);
    check_text(fault, "description", req->description, DESCRIPTION_BYTES_MAX, false);
    m->made.principal = req->principal;
    m->made.description = req->description;
    hash_request(m, &body.base);
    make_key(m, "CreateApiKey", &request_id);
    check_end(m, req->end_time);
}

static struct making *making_new(struct read_call *rc)
{
    struct making *m = ARENA_NEW(rc->arena, struct making);
    m->rc = rc;
    rc->user = m;
    rpc_call_at_end(rc->call, wipe, m);
    return m;
}

static void create_start(struct read_call *rc)
{
    struct making *m = making_new(rc);
    m->answer = answer_create;
    check_create(m, (const Amends__V1__CreateApiKeyRequest *)rc->request);
    rc->read.done = created;
    if (!read_call_valid(rc) || service_refuses_system(rc->call))
        return;
    if (m->ended)
        store_read_key(rc->service->store, &rc->read, &m->made.mark.id);
    else
        store_create_key(rc->service->store, &rc->read, &m->made);
}

void keys_create(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_NOTHING, create_start);
}

/* -- RotateApiKey ------------------------------------------------------------------------------ */

static void answer_rotate(struct making *m, const struct store_read *read,
                          const struct key_row *row, const char *text)
{
    Amends__V1__RotateApiKeyResponse r = AMENDS__V1__ROTATE_API_KEY_RESPONSE__INIT;
    const struct key_row *old = keys_result(read, &m->old);
    r.api_key = keys_message(row, m->made.now_us, m->rc->arena);
    r.key = TEXT(text);
    r.key_was_shown = !*text;
    if (old)
        r.old_api_key = keys_message(old, m->made.now_us, m->rc->arena);
    rpc_reply(m->rc->call, &r.base);
}

/* Why the old key was not replaced. */
static void refuse_state(struct making *m, const struct store_read *read, const struct key_row *old)
{
    struct fault *f = &m->rc->fault;
    const char *what = NULL;
    if (old->revoked_at)
        what = "was revoked";
    else if (key_row_ends(old) <= m->made.now_us)
        what = "has ended";
    else if (*old->replaced_by)
        what = "was rotated already";
    if (!what) {
        refuse_full(m, read);
        return;
    }
    fault_set(f, FAULT_FAILED_PRECONDITION, ERROR_REASON_API_KEY_STATE, "the API key %s %s",
              old->mark.id.text, what);
    fault_meta(f, "state", "%s",
               contract_word(API_KEY_STATE_WORDS,
                             (int)keys_message(old, m->made.now_us, m->rc->arena)->state));
    if (*old->replaced_by)
        fault_meta(f, "replaced_by", "%s", old->replaced_by);
    refuse(m);
}

static void rotated(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    struct making *m = rc->user;
    const struct key_row *row = keys_result(read, &m->made.mark.id);
    const struct key_row *old = keys_result(read, &m->old);
    if (row)
        answer_made(m, read, row);
    else if (m->ended)
        refuse_ended(m);
    else if (!old)
        keys_not_found(rc, &m->old);
    else
        refuse_state(m, read, old);
}

static void rotate_start(struct read_call *rc)
{
    const Amends__V1__RotateApiKeyRequest *req =
        (const Amends__V1__RotateApiKeyRequest *)rc->request;
    struct making *m = making_new(rc);
    Amends__V1__RotateApiKeyRequest body = *req;
    struct uuid request_id = {{0}};
    m->answer = answer_rotate;
    body.request_id = TEXT("");
    (void)check_uuid(&rc->fault, "request_id", req->request_id, &request_id);
    keys_check_id(rc, req->key_id, &m->old);
    hash_request(m, &body.base);
    make_key(m, "RotateApiKey", &request_id);
    check_end(m, req->end_time);
    rc->read.done = rotated;
    if (!read_call_valid(rc) || service_refuses_system(rc->call))
        return;
    if (m->ended)
        store_read_key(rc->service->store, &rc->read, &m->made.mark.id);
    else
        store_rotate_key(rc->service->store, &rc->read, &m->old, &m->made);
}

void keys_rotate(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_NOTHING, rotate_start);
}

/* -- RevokeApiKey ------------------------------------------------------------------------------ */

static void revoked(struct store_read *read)
{
    static char *last[] = {TEXT("no API key with the role ADMIN is left; `amends key create` makes "
                                "one")};
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const struct key_row *row = keys_result(read, rc->user);
    if (!row) {
        keys_not_found(rc, rc->user);
        return;
    }
    Amends__V1__RevokeApiKeyResponse r = AMENDS__V1__REVOKE_API_KEY_RESPONSE__INIT;
    r.api_key = keys_message(row, keys_now_us(rc), rc->arena);
    r.n_warnings = read->n_keys_admin == 0 && (row->roles & ROLE_BIT(ROLE_ADMIN));
    r.warnings = last;
    log_info("access", "key_revoked", LOG_STR("tenant", rc->tenant->name),
             LOG_STR("key_id", row->mark.id.text));
    rpc_reply(rc->call, &r.base);
}

static void revoke_start(struct read_call *rc)
{
    const Amends__V1__RevokeApiKeyRequest *req =
        (const Amends__V1__RevokeApiKeyRequest *)rc->request;
    struct api_key_id *id = ARENA_NEW(rc->arena, struct api_key_id);
    keys_check_id(rc, req->key_id, id);
    rc->user = id;
    rc->read.done = revoked;
    if (read_call_valid(rc) && !service_refuses_system(rc->call))
        store_revoke_key(rc->service->store, &rc->read, id, rpc_call_principal(rc->call)->via,
                         keys_now_us(rc));
}

void keys_revoke(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_NOTHING, revoke_start);
}
