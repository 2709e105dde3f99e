/* SPDX-License-Identifier: Apache-2.0 */

/* Commands that the engine itself submits. Each depends on a generation; when one fails, a later
 * sweep does its work. */

#include <stdlib.h>

#include "assignment/engine/engine.h"
#include "base/assert.h"
#include "base/log.h"
#include "contract/word.h"

#define ARENA_BYTES (64u << 20) /* the largest case must fit; memory is taken as needed */
#define DEADLINE_US (5 * US_PER_S)

static void own_free(struct own *o)
{
    list_remove(&o->link);
    o->a->own_in_flight--;
    arena_free(&o->arena);
    free(o);
}

static void finished(struct submission *sub)
{
    struct own *o = sub->ctx;
    const struct command *cmd = &sub->cmd;
    if (cmd->fault.code == FAULT_INTERNAL || cmd->fault.code == FAULT_RESOURCE_EXHAUSTED)
        log_warn("assignment", "own_command_failed", LOG_STR("kind", cmd->kind->name),
                 LOG_STR("reason", contract_reason(cmd->fault.reason)));
    if (o->ended)
        o->ended(o);
    own_free(o);
}

struct own *own_new(struct assignment *a, const struct tenant *t, const struct command_kind *kind)
{
    struct own *o = calloc(1, sizeof(*o));
    AM_ASSERT(o != NULL);
    arena_init(&o->arena, ARENA_BYTES);
    o->a = a;
    o->sub = (struct submission){
        .cmd = {.kind = kind,
                .arena = &o->arena,
                .tenant_id = t->id,
                .tenant = t->name,
                .principal = SYSTEM_ACTOR,
                .args = &o->args,
                .seed = uuid_new(engine_now_us(a))},
        .seg = {.cls = PG_SEG_TIMER, .deadline_us = time_mono_us() + DEADLINE_US},
        .finished = finished,
        .ctx = o};
    list_push_back(&a->owned, &o->link);
    a->own_in_flight++;
    return o;
}

void own_agent(struct own *o, const char *agent_id)
{
    o->sub.cmd.agent_id = arena_strdup(&o->arena, agent_id);
    AM_ASSERT(o->sub.cmd.agent_id != NULL);
}

void own_submit(struct own *o)
{
    store_submit(o->a->service->store, &o->sub);
}
