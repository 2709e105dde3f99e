/* SPDX-License-Identifier: Apache-2.0 */

/* API keys as messages, and the calls that read them. */

#include <string.h>

#include "auth/role_set.h"
#include "base/digest.h"
#include "case/message/message.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/words.h"
#include "intake/rpc/keys.h"
#include "shared/page_token.h"

#define KEYS_USUAL 50
#define KEYS_MOST 500
#define TEXT(s) ((char *)(uintptr_t)(s)) /* protobuf-c's strings are not const */

/* -- messages ---------------------------------------------------------------------------------- */

static Amends__V1__ApiKeyState state_of(const struct key_row *row, int64_t now_us)
{
    if (row->revoked_at)
        return API_KEY_STATE_REVOKED;
    if (key_row_ends(row) <= now_us)
        return API_KEY_STATE_ENDED;
    return *row->replaced_by ? API_KEY_STATE_ROTATED : API_KEY_STATE_ACTIVE;
}

static void set_roles(Amends__V1__ApiKey *m, uint32_t roles, struct arena *arena)
{
    m->roles = ARENA_ARRAY(arena, Amends__V1__Role, ROLE_COUNT);
    for (int role = ROLE_UNSPECIFIED + 1; role < ROLE_COUNT; role++)
        if (roles & ROLE_BIT(role))
            m->roles[m->n_roles++] = (Amends__V1__Role)role;
}

Amends__V1__ApiKey *keys_message(const struct key_row *row, int64_t now_us, struct arena *arena)
{
    Amends__V1__ApiKey *m = ARENA_NEW(arena, Amends__V1__ApiKey);
    const int64_t ends = key_row_ends(row);
    amends__v1__api_key__init(m);
    m->key_id = TEXT(row->mark.id.text);
    m->principal = TEXT(row->principal);
    m->description = TEXT(row->description);
    m->state = state_of(row, now_us);
    m->create_time = message_time(row->created_at, arena);
    m->creator = TEXT(row->created_by);
    m->end_time = ends == INT64_MAX ? NULL : message_time(ends, arena);
    m->last_use_time = message_time(row->last_used_at, arena);
    m->replaced_by = TEXT(row->replaced_by);
    m->revoke_time = message_time(row->revoked_at, arena);
    m->revoker = TEXT(row->revoked_by);
    set_roles(m, row->roles, arena);
    return m;
}

int64_t keys_now_us(const struct read_call *rc)
{
    return time_now_us(loop_time(rc->service->loop));
}

void keys_check_id(struct read_call *rc, const char *text, struct api_key_id *id)
{
    const size_t len = strlen(text);
    *id = (struct api_key_id){0};
    if (len == 0)
        fault_violation(&rc->fault, "key_id", "is required");
    else if (!api_key_is_id(text, len))
        fault_violation(&rc->fault, "key_id",
                        "is no key id: these are the %d characters after \"%s\" in a key",
                        API_KEY_ID_CHARS, API_KEY_PREFIX);
    else
        memcpy(id->text, text, len);
}

const struct key_row *keys_result(const struct store_read *read, const struct api_key_id *id)
{
    ROWS_EACH (row, const struct key_row, &read->keys)
        if (strcmp(row->mark.id.text, id->text) == 0)
            return row;
    return NULL;
}

void keys_not_found(struct read_call *rc, const struct api_key_id *id)
{
    fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_API_KEY_NOT_FOUND,
              "the tenant has no API key %s", id->text);
    fault_meta(&rc->fault, "key_id", "%s", id->text);
    rpc_fail(rc->call, &rc->fault);
}

/* -- GetApiKey --------------------------------------------------------------------------------- */

static void got(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const struct key_row *row = keys_result(read, rc->user);
    if (!row) {
        keys_not_found(rc, rc->user);
        return;
    }
    Amends__V1__GetApiKeyResponse r = AMENDS__V1__GET_API_KEY_RESPONSE__INIT;
    r.api_key = keys_message(row, keys_now_us(rc), rc->arena);
    rpc_reply(rc->call, &r.base);
}

static void get_start(struct read_call *rc)
{
    const Amends__V1__GetApiKeyRequest *req = (const Amends__V1__GetApiKeyRequest *)rc->request;
    struct api_key_id *id = ARENA_NEW(rc->arena, struct api_key_id);
    keys_check_id(rc, req->key_id, id);
    rc->user = id;
    rc->read.done = got;
    if (read_call_valid(rc))
        store_read_key(rc->service->store, &rc->read, id);
}

void keys_get(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_ROW, get_start);
}

/* -- ListApiKeys ------------------------------------------------------------------------------- */

struct key_position {
    int64_t created_at;
    struct api_key_id id;
};

/* A page under way: its rows are one more than it shows, to know if there is a next page. */
struct page {
    struct key_filter filter;
    size_t limit;
    uint64_t hash;
};

static char *next_token(struct read_call *rc, const struct page *p, const struct key_row *last)
{
    struct key_position at;
    memset(&at, 0, sizeof at);
    at.created_at = last->created_at;
    at.id = last->mark.id;
    return page_token_write(rc, p->hash, slice_of(&at, sizeof at));
}

static void listed(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const struct page *p = rc->user;
    const int64_t now_us = keys_now_us(rc);
    Amends__V1__ListApiKeysResponse r = AMENDS__V1__LIST_API_KEYS_RESPONSE__INIT;
    const struct key_row *last = NULL;
    r.api_keys = ARENA_ARRAY(rc->arena, Amends__V1__ApiKey *, read->keys.n + 1);
    ROWS_EACH (row, const struct key_row, &read->keys) {
        if (r.n_api_keys == p->limit || !read_call_room(rc))
            break;
        r.api_keys[r.n_api_keys++] = keys_message(row, now_us, rc->arena);
        last = row;
    }
    if (last && read->keys.n > r.n_api_keys)
        r.next_page_token = next_token(rc, p, last);
    rpc_reply(rc->call, &r.base);
}

static uint64_t list_hash(const Amends__V1__ListApiKeysRequest *req)
{
    const uint8_t ended = req->show_ended != 0;
    const struct slice fields[] = {slice_str("api keys"), slice_str(req->principal),
                                   slice_of(&ended, sizeof ended)};
    return digest_key(fields, sizeof fields / sizeof *fields);
}

static void read_position(struct read_call *rc, struct key_filter *f, struct slice position)
{
    struct key_position at;
    if (position.len != sizeof at)
        return;
    memcpy(&at, position.data, sizeof at);
    /* Where tokens need no signature yet, anybody can write one. */
    if (!api_key_is_id(at.id.text, strnlen(at.id.text, sizeof at.id.text))) {
        fault_violation(&rc->fault, "page_token", "names no place; begin with an empty one");
        return;
    }
    f->before_created_at = at.created_at;
    f->before_id = at.id;
}

static void list_start(struct read_call *rc)
{
    const Amends__V1__ListApiKeysRequest *req = (const Amends__V1__ListApiKeysRequest *)rc->request;
    struct page *p = ARENA_NEW(rc->arena, struct page);
    if (*req->principal)
        check_principal(&rc->fault, "principal", req->principal);
    p->hash = list_hash(req);
    p->limit = (size_t)page_size(&rc->fault, req->page_size, KEYS_USUAL, KEYS_MOST);
    p->filter = (struct key_filter){.principal = req->principal,
                                    .working_at = req->show_ended ? 0 : keys_now_us(rc),
                                    .limit = (int)p->limit + 1};
    read_position(rc, &p->filter, page_token_read(rc, p->hash, req->page_token));
    rc->user = p;
    rc->read.done = listed;
    if (read_call_valid(rc))
        store_list_keys(rc->service->store, &rc->read, &p->filter);
}

void keys_list(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, list_start);
}
