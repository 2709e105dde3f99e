/* SPDX-License-Identifier: Apache-2.0 */

#include "store/store.h"

#include <stdlib.h>

#include "base/assert.h"
#include "store/impl.h"

struct store *store_new(struct pg *pg, struct loop *loop, struct tenants *tenants,
                        void (*route)(void *ctx, const struct route *r), void *ctx)
{
    struct store *s = calloc(1, sizeof(*s));
    AM_ASSERT(s != NULL);
    *s = (struct store){.pg = pg, .loop = loop, .tenants = tenants, .route = route, .ctx = ctx};
    const struct seg_ops ops = {
        .read = store_seg_read,
        .load = store_seg_load,
        .decide = store_seg_decide,
        .write = store_seg_write,
        .committed = store_seg_committed,
        .ctx = s,
    };
    seg_setup(pg, &ops);
    return s;
}

void store_free(struct store *s)
{
    free(s);
}

static const char *copy_text(struct arena *arena, const char *text)
{
    const char *copy = text ? arena_strdup(arena, text) : NULL;
    return copy ? copy : "";
}

void fault_copy(struct fault *to, struct arena *arena, const struct fault *from)
{
    fault_init(to, arena);
    if (!fault_is_set(from))
        return;
    fault_set(to, from->code, copy_text(arena, from->reason), "%s",
              from->message ? from->message : "");
    for (size_t i = 0; i < from->n_metadata; i++)
        fault_meta(to, copy_text(arena, from->metadata[i].key), "%s", from->metadata[i].text);
    to->retry_ms = from->retry_ms;
}

/* -- commands --------------------------------------------------------------------------------- */

static void submit(struct store *s, struct command *cmd);

static void fail(struct command *cmd, const struct fault *fault)
{
    fault_copy(&cmd->fault, cmd->arena, fault);
    cmd->case_after = cmd->agent_after = NULL;
    cmd->finished(cmd);
}

static void policy_here(struct tenants_wait *wait, const struct policy *policy,
                        const struct fault *fault)
{
    struct command *cmd = CONTAINER_OF(wait, struct command, policy_wait);
    if (policy)
        submit(cmd->store, cmd);
    else
        fail(cmd, fault);
}

static void command_done(struct seg_cmd *seg, const struct fault *fault)
{
    struct command *cmd = CONTAINER_OF(seg, struct command, seg);
    if (fault)
        fail(cmd, fault);
    else if (cmd->lacks_version)
        tenants_load(cmd->store->tenants, cmd->tenant_id, cmd->lacks_version, &cmd->policy_wait);
    else
        cmd->finished(cmd);
}

static void submit(struct store *s, struct command *cmd)
{
    cmd->open_case_id = (struct uuid){{0}};
    cmd->lacks_version = 0;
    fault_init(&cmd->fault, cmd->arena);
    command_keys(cmd);
    cmd->seg.item.tenant = (uint32_t)cmd->tenant_id;
    cmd->seg.idempotent = true;
    cmd->seg.method = cmd->kind->name;
    cmd->seg.done = command_done;
    cmd->policy_wait.done = policy_here;
    cmd->store = s;
    seg_submit(s->pg, &cmd->seg);
}

void store_submit(struct store *s, struct command *cmd)
{
    cmd->loads = 0;
    submit(s, cmd);
}
