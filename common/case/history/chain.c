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

void chain_begin(struct chain_check *k)
{
    *k = (struct chain_check){.intact = true, .problem = ""};
}

/* Only the first problem is told. */
static void tell_problem(struct chain_check *k, int64_t seq, const char *what)
{
    if (!k->intact)
        return;
    k->intact = false;
    k->first_bad_seq = seq;
    k->problem = what;
}

static bool is_hash(struct slice s, const uint8_t hash[DIGEST_LEN])
{
    return slice_eq(s, slice_of(hash, DIGEST_LEN));
}

static void check_links(struct chain_check *k, const char *tenant, const struct event_row *e)
{
    uint8_t hash[DIGEST_LEN];
    if (e->seq != k->events)
        tell_problem(k, k->events, "the event is missing");
    if (!is_hash(e->prev_hash, k->head))
        tell_problem(k, e->seq, "it does not link to the event before");
    chain_hash(tenant, e, hash);
    if (!is_hash(e->hash, hash))
        tell_problem(k, e->seq, "its content does not match its hash");
}

static void check_private(struct chain_check *k, const struct event_row *e,
                          const struct event_private_row *p)
{
    uint8_t digest[DIGEST_LEN];
    if (!p) {
        k->erased += e->private_digest.len > 0;
        return;
    }
    chain_private_digest(p->salt, p->body, digest);
    if (!is_hash(e->private_digest, digest))
        tell_problem(k, e->seq, "its personal part does not match its digest");
}

void chain_next(struct chain_check *k, const char *tenant, const struct event_row *e,
                const struct event_private_row *p)
{
    k->events++;
    check_links(k, tenant, e);
    check_private(k, e, p);
    if (e->hash.len == sizeof(k->head))
        memcpy(k->head, e->hash.data, sizeof(k->head));
}

void chain_end(struct chain_check *k, const struct case_row *row)
{
    if (row->last_seq > k->events)
        tell_problem(k, k->events + 1, "the event is missing at the end");
    if (row->last_seq < k->events)
        tell_problem(k, row->last_seq + 1, "the case does not know the event");
    if (!is_hash(row->last_hash, k->head))
        tell_problem(k, k->events, "the case's head is another hash");
}
