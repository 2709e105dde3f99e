/* SPDX-License-Identifier: Apache-2.0 */
#include "case/command/keys.h"

#include <string.h>

#include "amends/v1/intake_service.pb-c.h"
#include "base/assert.h"
#include "base/digest.h"
#include "contract/reference.h"

#define KEY_PARTS 6

/* The parts of one key. The first names its space, so that keys of two spaces never meet. */
struct key {
    size_t n;
    struct slice parts[KEY_PARTS];
};

static void key_add(struct key *key, const void *data, size_t len)
{
    AM_ASSERT(key->n < KEY_PARTS);
    key->parts[key->n++] = slice_of(data, len);
}

static void key_add_text(struct key *key, const char *text)
{
    key_add(key, text, strlen(text));
}

static struct key key_begin(const char *space, const struct command *cmd)
{
    struct key key = {0};
    key_add_text(&key, space);
    key_add(&key, &cmd->tenant_id, sizeof(cmd->tenant_id));
    return key;
}

static void lock_key(struct command_keys *keys, const struct key *key)
{
    AM_ASSERT(keys->n < COMMAND_KEYS_MAX);
    keys->keys[keys->n++] = digest_key(key->parts, key->n);
}

static void lock_request(struct command_keys *keys, const struct command *cmd)
{
    struct key key = key_begin("request", cmd);
    const uint8_t method = (uint8_t)cmd->kind->method;
    key_add_text(&key, command_via(cmd));
    key_add(&key, &method, sizeof(method));
    key_add(&key, cmd->request_id.b, sizeof(cmd->request_id.b));
    lock_key(keys, &key);
}

static void lock_case(struct command_keys *keys, const struct command *cmd,
                      const struct uuid *case_id)
{
    struct key key = key_begin("case", cmd);
    key_add(&key, case_id->b, sizeof(case_id->b));
    lock_key(keys, &key);
    keys->case_key = keys->keys[keys->n - 1];
}

static void lock_agent(struct command_keys *keys, const struct command *cmd)
{
    struct key key = key_begin("agent", cmd);
    key_add_text(&key, cmd->agent_id);
    lock_key(keys, &key);
}

struct command_claim command_claim_of(const struct command *cmd)
{
    if (!cmd->kind->needs_customer)
        return cmd->claim;
    const Amends__V1__OpenCaseRequest *r = (const Amends__V1__OpenCaseRequest *)cmd->request;
    return (struct command_claim){.customer_id = r->customer_id,
                                  .failure_code = r->failure ? r->failure->code : "",
                                  .order_reference = r->failure ? r->failure->order_reference : ""};
}

/* The natural key under the unique index that lets a customer have one open case of a kind. */
static void lock_claim(struct command_keys *keys, const struct command *cmd)
{
    const struct command_claim claim = command_claim_of(cmd);
    struct key key = key_begin("customer", cmd);
    if (!claim.customer_id)
        return;
    key_add_text(&key, claim.customer_id);
    key_add_text(&key, claim.failure_code);
    key_add_text(&key, claim.order_reference);
    lock_key(keys, &key);
}

/* Two cases that would have the same reference are not written at once. */
static void lock_reference(struct command_keys *keys, const struct command *cmd)
{
    char reference[REFERENCE_CHARS + 1];
    struct key key = key_begin("reference", cmd);
    reference_make(&cmd->case_id, cmd->references_taken, reference);
    key_add_text(&key, reference);
    lock_key(keys, &key);
}

void command_keys(const struct command *cmd, struct command_keys *keys)
{
    keys->n = 0;
    keys->case_key = 0;
    if (cmd->kind->method != METHOD_NONE)
        lock_request(keys, cmd);
    lock_claim(keys, cmd);
    if (!cmd->kind->needs_customer && !uuid_is_zero(&cmd->case_id))
        lock_case(keys, cmd, &cmd->case_id);
    if (!uuid_is_zero(&cmd->open_case_id))
        lock_case(keys, cmd, &cmd->open_case_id);
    if (cmd->agent_id)
        lock_agent(keys, cmd);
    if (command_gives_reference(cmd))
        lock_reference(keys, cmd);
}
