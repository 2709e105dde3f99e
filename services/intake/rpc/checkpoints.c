/* SPDX-License-Identifier: Apache-2.0 */

/* ListCheckpoints and GetCheckpointHeads. */

#include <string.h>

#include "amends/v1/history_service.pb-c.h"
#include "base/assert.h"
#include "case/message/message.h"
#include "contract/reasons.h"
#include "intake/rpc/histories.h"
#include "shared/page_token.h"
#include "store/checkpoint.h"

#define USUAL 100
#define MOST 1000

/* -- ListCheckpoints --------------------------------------------------------------------------- */

static ProtobufCBinaryData bytes_of(struct read_call *rc, const uint8_t *data, size_t len)
{
    uint8_t *copy = arena_dup(rc->arena, data, len);
    AM_ASSERT(copy != NULL); /* the arena has room for a page */
    return (ProtobufCBinaryData){.len = len, .data = copy};
}

static char *id_text(struct read_call *rc, const struct uuid *id)
{
    return uuid_format(id, ARENA_ARRAY(rc->arena, char, UUID_TEXT_LEN + 1));
}

static Amends__V1__Checkpoint *checkpoint_message(struct read_call *rc,
                                                  const struct checkpoint_row *row)
{
    const struct checkpoint *c = &row->c;
    Amends__V1__Checkpoint *m = ARENA_NEW(rc->arena, Amends__V1__Checkpoint);
    amends__v1__checkpoint__init(m);
    m->number = c->number;
    m->checkpoint_time = message_time(c->at, rc->arena);
    m->heads = c->heads;
    m->heads_hash = bytes_of(rc, c->heads_hash, sizeof c->heads_hash);
    m->through_epoch = c->through_epoch;
    m->through_transaction = c->through_xid;
    m->through_case_id = id_text(rc, &c->through_case_id);
    m->through_sequence = c->through_seq;
    m->previous_hash = bytes_of(rc, c->prev_hash, sizeof c->prev_hash);
    m->hash = bytes_of(rc, c->hash, sizeof c->hash);
    m->public_key = bytes_of(rc, c->public_key, sizeof c->public_key);
    m->signature = bytes_of(rc, c->signature, sizeof c->signature);
    m->key_id = ARENA_ARRAY(rc->arena, char, SIGN_KEY_ID_SIZE);
    sign_key_id(c->public_key, m->key_id);
    m->tenant = arena_strdup(rc->arena, rc->tenant->name);
    return m;
}

static uint64_t list_hash(void)
{
    const struct slice fields[] = {slice_str("checkpoints")};
    return digest_key(fields, 1);
}

static void list_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const size_t limit = *(const size_t *)rc->user;
    const struct rows *rows = &read->checkpoints;
    Amends__V1__ListCheckpointsResponse r = AMENDS__V1__LIST_CHECKPOINTS_RESPONSE__INIT;
    r.checkpoints = ARENA_ARRAY(rc->arena, Amends__V1__Checkpoint *, limit);
    for (size_t i = 0; i < rows->n && i < limit && read_call_room(rc); i++)
        r.checkpoints[r.n_checkpoints++] =
            checkpoint_message(rc, ROW_AT(rows, const struct checkpoint_row, i));
    if (r.n_checkpoints > 0 && r.n_checkpoints < rows->n) {
        const int64_t last = r.checkpoints[r.n_checkpoints - 1]->number;
        r.next_page_token = page_token_write(rc, list_hash(), slice_of(&last, sizeof last));
    }
    rpc_reply(rc->call, &r.base);
}

static void list_start(struct read_call *rc)
{
    const Amends__V1__ListCheckpointsRequest *req =
        (const Amends__V1__ListCheckpointsRequest *)rc->request;
    size_t *limit = ARENA_NEW(rc->arena, size_t);
    *limit = (size_t)page_size(&rc->fault, req->page_size, USUAL, MOST);
    const struct slice position = page_token_read(rc, list_hash(), req->page_token);
    int64_t after = req->after_number;
    if (position.len == sizeof after)
        memcpy(&after, position.data, sizeof after);
    if (req->after_number < 0)
        fault_violation(&rc->fault, "after_number", "must not be negative");
    if (!read_call_valid(rc))
        return;
    rc->user = limit;
    rc->read.done = list_done;
    store_list_checkpoints(rc->service->store, &rc->read, after, (int)*limit + 1);
}

void histories_checkpoints(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, list_start);
}

/* -- GetCheckpointHeads ------------------------------------------------------------------------ */

static void refuse_missing(struct read_call *rc)
{
    const Amends__V1__GetCheckpointHeadsRequest *req =
        (const Amends__V1__GetCheckpointHeadsRequest *)rc->request;
    fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_CHECKPOINT_NOT_FOUND,
              "there is no part %d of checkpoint %lld", (int)req->part, (long long)req->number);
    rpc_fail(rc->call, &rc->fault);
}

static void heads_done(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const Amends__V1__GetCheckpointHeadsRequest *req =
        (const Amends__V1__GetCheckpointHeadsRequest *)rc->request;
    const struct checkpoint_row *row = rc->user;
    Amends__V1__GetCheckpointHeadsResponse r = AMENDS__V1__GET_CHECKPOINT_HEADS_RESPONSE__INIT;
    if (read->heads.len == 0) {
        refuse_missing(rc);
        return;
    }
    r.heads = (ProtobufCBinaryData){.len = read->heads.len,
                                    .data = (uint8_t *)(uintptr_t)read->heads.data};
    r.more = req->part + 1 < row->slices;
    rpc_reply(rc->call, &r.base);
}

static void found(struct store_read *read)
{
    struct read_call *rc = read_call_done(read);
    if (!rc)
        return;
    const Amends__V1__GetCheckpointHeadsRequest *req =
        (const Amends__V1__GetCheckpointHeadsRequest *)rc->request;
    const struct checkpoint_row *row =
        read->checkpoints.n > 0 ? ROW_AT(&read->checkpoints, const struct checkpoint_row, 0) : NULL;
    if (!row || row->c.number != req->number || req->part >= row->slices) {
        refuse_missing(rc);
        return;
    }
    struct checkpoint_row *kept = ARENA_NEW(rc->arena, struct checkpoint_row);
    *kept = *row;
    rc->user = kept;
    read->done = heads_done;
    store_read_heads(rc->service->store, read, kept, req->part);
}

static void heads_start(struct read_call *rc)
{
    const Amends__V1__GetCheckpointHeadsRequest *req =
        (const Amends__V1__GetCheckpointHeadsRequest *)rc->request;
    if (req->number < 1)
        fault_violation(&rc->fault, "number", "is required, from 1");
    if (req->part < 0)
        fault_violation(&rc->fault, "part", "must not be negative");
    if (!read_call_valid(rc))
        return;
    rc->read.done = found;
    store_list_checkpoints(rc->service->store, &rc->read, req->number - 1, 1);
}

void histories_heads(struct rpc_call *call, void *service)
{
    service_read(service, call, READ_PAGE, heads_start);
}
