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

static void engine_command_free(struct engine_command *command)
{
    list_remove(&command->link);
    command->a->commands_in_flight--;
    arena_free(&command->arena);
    free(command);
}

static void finished(struct submission *sub)
{
    struct engine_command *command = sub->ctx;
    const struct command *cmd = &sub->cmd;
    if (cmd->fault.code == FAULT_INTERNAL || cmd->fault.code == FAULT_RESOURCE_EXHAUSTED)
        log_warn("assignment", "own_command_failed", LOG_STR("kind", cmd->kind->name),
                 LOG_STR("reason", contract_reason(cmd->fault.reason)));
    if (command->ended)
        command->ended(command);
    engine_command_free(command);
}

struct engine_command *engine_command_new(struct assignment *a, const struct tenant *t,
                                          const struct command_kind *kind)
{
    struct engine_command *command = calloc(1, sizeof(*command));
    AM_ASSERT(command != NULL);
    arena_init(&command->arena, ARENA_BYTES);
    command->a = a;
    command->sub = (struct submission){
        .cmd = {.kind = kind,
                .arena = &command->arena,
                .tenant_id = t->id,
                .tenant = t->name,
                .principal = SYSTEM_ACTOR,
                .args = &command->args,
                .seed = uuid_new(engine_now_us(a))},
        .seg = {.cls = PG_SEG_TIMER, .deadline_us = time_mono_us() + DEADLINE_US},
        .finished = finished,
        .ctx = command};
    list_push_back(&a->commands, &command->link);
    a->commands_in_flight++;
    return command;
}

void engine_command_agent(struct engine_command *command, const char *agent_id)
{
    command->sub.cmd.agent_id = arena_strdup(&command->arena, agent_id);
    AM_ASSERT(command->sub.cmd.agent_id != NULL);
}

void engine_command_submit(struct engine_command *command)
{
    store_submit(command->a->service->store, &command->sub);
}
