/* SPDX-License-Identifier: Apache-2.0 */

/* amendsctl: one command, one exit code. Most commands are one call. */

#include "amendsctl/call.h"
#include "amendsctl/show.h"

#define ARENA_BYTES (256u << 20)

static void print_reply(const struct line *line, const ProtobufCMessage *reply, struct arena *arena)
{
    if (line->json)
        ctl_print_json(reply);
    else if (line->command->list)
        show_table(reply, line->command->list, line->command->columns, arena);
    else
        show_message(reply, arena);
}

static int call(const struct ctl *c)
{
    const ProtobufCMessage *reply = NULL;
    int code = ctl_call(c, c->line->command->method, c->line->request, &reply);
    if (reply)
        print_reply(c->line, reply, c->arena);
    return code;
}

static int run(const struct line *line, struct arena *arena)
{
    const struct ctl_command *command = line->command;
    struct ctl c = {.line = line, .arena = arena};
    if (!command->offline)
        c.client = rpc_sync_new(line->address[command->server]);
    int code;
    if (command->run)
        code = command->run(&c);
    else if (!command->list && command->columns)
        code = ctl_watch(&c);
    else
        code = call(&c);
    if (c.client)
        rpc_sync_free(c.client);
    return code;
}

int main(int argc, char **argv)
{
    struct arena arena;
    struct line line = {.timeout_ms = -1};
    arena_init(&arena, ARENA_BYTES);
    enum line_result parsed = line_parse(&line, argc, argv, &arena);
    int code = parsed == LINE_HELP ? 0 : 1;
    if (parsed == LINE_RUN)
        code = run(&line, &arena);
    arena_free(&arena);
    return code;
}
