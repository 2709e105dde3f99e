/* SPDX-License-Identifier: Apache-2.0 */

/* The hash chain of a case's history, written once for appending and for checking. */

#include <string.h>

#include "base/digest.h"
#include "case/history/chain.h"

static void store_be(uint8_t *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static void add_number(struct digest_ctx *ctx, uint64_t value, size_t bytes)
{
    uint8_t buffer[8];
    store_be(buffer, value, bytes);
    digest_add_field(ctx, buffer, bytes);
}

static void add_slice(struct digest_ctx *ctx, struct slice s)
{
    digest_add_field(ctx, s.data, s.len);
}

void chain_hash(const char *tenant, const struct event_row *e, uint8_t out[32])
{
    static const uint8_t first[DIGEST_LEN];
    uint8_t public_hash[DIGEST_LEN];
    char id[UUID_TEXT_LEN + 1];
    digest_sha256(e->public_body.data, e->public_body.len, public_hash);
    struct digest_ctx *ctx = digest_begin();
    if (e->prev_hash.len == 0)
        digest_add(ctx, first, sizeof(first));
    else
        digest_add(ctx, e->prev_hash.data, e->prev_hash.len);
    add_slice(ctx, slice_str(tenant));
    add_slice(ctx, slice_str(uuid_format(&e->case_id, id)));
    add_number(ctx, (uint64_t)e->seq, 8);
    add_number(ctx, (uint64_t)e->at, 8);
    add_number(ctx, (uint64_t)e->kind, 4);
    add_slice(ctx, slice_str(e->actor));
    add_slice(ctx, slice_of(public_hash, sizeof(public_hash)));
    add_slice(ctx, e->private_digest);
    digest_end(ctx, out);
}

void chain_private_digest(struct slice salt, struct slice body, uint8_t out[32])
{
    struct digest_ctx *ctx = digest_begin();
    digest_add(ctx, salt.data, salt.len);
    digest_add(ctx, body.data, body.len);
    digest_end(ctx, out);
}

/* -- checking --------------------------------------------------------------------------------- */

void chain_begin(struct chain_check *k, const struct case_row *row)
{
    k->events = k->erased = k->erased_from = 0;
    k->expected = row->last_seq;
    memset(k->link, 0, sizeof(k->link));
    if (row->last_hash.len == sizeof(k->link))
        memcpy(k->link, row->last_hash.data, sizeof(k->link));
}

static bool is_hash(struct slice s, const uint8_t hash[DIGEST_LEN])
{
    return slice_eq(s, slice_of(hash, DIGEST_LEN));
}

static void check_links(struct chain_check *k, const char *tenant, const struct event_row *e)
{
    uint8_t hash[DIGEST_LEN];
    if (e->seq < k->expected)
        k->problem(k->ctx, e->seq + 1, false, "the event is missing");
    else if (e->seq > k->expected)
        k->problem(k->ctx, e->seq, false, "the case does not know the event");
    else if (!is_hash(e->hash, k->link) && k->events == 0)
        k->problem(k->ctx, e->seq, false, "the case's head is another hash");
    else if (!is_hash(e->hash, k->link))
        k->problem(k->ctx, e->seq + 1, false, "it does not link to the event before");
    chain_hash(tenant, e, hash);
    if (!is_hash(e->hash, hash))
        k->problem(k->ctx, e->seq, false, "its content does not match its hash");
}

static void check_private(struct chain_check *k, const struct event_row *e,
                          const struct event_private_row *p)
{
    uint8_t digest[DIGEST_LEN];
    if (!p) {
        k->erased += e->private_digest.len > 0;
        if (e->private_digest.len > 0 && k->erased_from <= e->seq)
            k->problem(k->ctx, e->seq, true,
                       "its personal part is missing, and no event says that it was erased");
        return;
    }
    chain_private_digest(p->salt, p->body, digest);
    if (!is_hash(e->private_digest, digest))
        k->problem(k->ctx, e->seq, false, "its personal part does not match its digest");
}

void chain_next(struct chain_check *k, const char *tenant, const struct event_row *e,
                const struct event_private_row *p)
{
    check_links(k, tenant, e);
    check_private(k, e, p);
    k->events++;
    if (e->kind == CHAIN_KIND_ERASED && k->erased_from == 0)
        k->erased_from = e->seq;
    k->expected = e->seq - 1;
    memset(k->link, 0, sizeof(k->link));
    if (e->prev_hash.len == sizeof(k->link))
        memcpy(k->link, e->prev_hash.data, sizeof(k->link));
}

void chain_end(struct chain_check *k)
{
    static const uint8_t first[DIGEST_LEN];
    if (k->expected > 0)
        k->problem(k->ctx, 1, false, "the event is missing");
    else if (memcmp(k->link, first, sizeof(first)) != 0)
        k->problem(k->ctx, 1, false, "it links to an event before it");
}
