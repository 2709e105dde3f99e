/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/checkpoint.h"

#include <string.h>

#define LABEL "amends checkpoint 1"

static void store_be(uint64_t value, uint8_t out[8])
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static uint64_t load_be(const uint8_t in[8])
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | in[i];
    return value;
}

void checkpoint_head_write(const struct checkpoint_head *head, uint8_t *bytes)
{
    memcpy(bytes, head->case_id.b, sizeof(head->case_id.b));
    store_be((uint64_t)head->seq, bytes + 16);
    memcpy(bytes + 24, head->hash, sizeof(head->hash));
}

void checkpoint_head_read(const uint8_t *bytes, struct checkpoint_head *head)
{
    memcpy(head->case_id.b, bytes, sizeof(head->case_id.b));
    head->seq = (int64_t)load_be(bytes + 16);
    memcpy(head->hash, bytes + 24, sizeof(head->hash));
}

static void add_number(struct digest_ctx *ctx, int64_t value)
{
    uint8_t bytes[8];
    store_be((uint64_t)value, bytes);
    digest_add_field(ctx, bytes, sizeof(bytes));
}

void checkpoint_hash(const char *tenant, const struct checkpoint *c, uint8_t out[DIGEST_LEN])
{
    char id[UUID_TEXT_LEN + 1];
    struct digest_ctx *ctx = digest_begin();
    digest_add(ctx, c->prev_hash, sizeof(c->prev_hash));
    digest_add_field(ctx, LABEL, strlen(LABEL));
    digest_add_field(ctx, tenant, strlen(tenant));
    add_number(ctx, c->number);
    add_number(ctx, c->at);
    add_number(ctx, c->heads);
    digest_add_field(ctx, c->heads_hash, sizeof(c->heads_hash));
    add_number(ctx, c->through_epoch);
    add_number(ctx, c->through_xid);
    add_number(ctx, c->through_seq);
    digest_add_field(ctx, uuid_format(&c->through_case_id, id), UUID_TEXT_LEN);
    digest_add_field(ctx, c->public_key, sizeof(c->public_key));
    digest_end(ctx, out);
}

static const char *link_problem(const struct checkpoint *c, int64_t last_number,
                                const uint8_t last_hash[DIGEST_LEN])
{
    if (c->number != last_number + 1)
        return "a checkpoint before it is missing";
    if (memcmp(c->prev_hash, last_hash, DIGEST_LEN) != 0)
        return "it does not follow the checkpoint before it: one of them was written anew";
    return NULL;
}

const char *checkpoint_problem(const char *tenant, const struct checkpoint *c, int64_t last_number,
                               const uint8_t last_hash[DIGEST_LEN], const struct sign_keys *keys,
                               bool *signature)
{
    uint8_t hash[DIGEST_LEN];
    const char *problem = link_problem(c, last_number, last_hash);
    *signature = false;
    if (problem)
        return problem;
    checkpoint_hash(tenant, c, hash);
    if (memcmp(hash, c->hash, sizeof(hash)) != 0)
        return "its content does not match its hash";
    *signature = true;
    if (!sign_verify(c->public_key, c->hash, sizeof(c->hash), c->signature))
        return "its signature is wrong";
    if (keys && !sign_keys_trust(keys, c->public_key))
        return "it was signed with a key that is not trusted";
    return NULL;
}
