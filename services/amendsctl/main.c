/* SPDX-License-Identifier: Apache-2.0 */

/* amendsctl: one command, one exit code. Most commands are one call. */

#include <stdlib.h>
#include <string.h>

#include "amendsctl/call.h"
#include "amendsctl/complete.h"
#include "amendsctl/list.h"
#include "amendsctl/name.h"
#include "amendsctl/out.h"
#include "amendsctl/show.h"
#include "base/log.h"

#define ARENA_BYTES (256u << 20)

static void print_reply(const struct line *line, const ProtobufCMessage *reply, struct arena *arena)
{
    const struct ctl_command *command = line->command;
    bool given = true;
    if (line->json)
        out_json(reply);
    else if (!command->wrote || line->wide)
        given = show_message(reply, &line->view, arena);
    else
        given = show_paths(reply, command->wrote, &line->view, arena);
    if (!given && command->empty)
        out_line("%s", command->empty);
}

static int call(const struct ctl *c)
{
    const ProtobufCMessage *reply = NULL;
    int code = ctl_call(c, c->line->command->method, c->line->request, &reply);
    if (reply)
        print_reply(c->line, reply, c->arena);
    return code;
}

static int run_command(const struct ctl *c)
{
    const struct ctl_command *command = c->line->command;
    if (command->run)
        return command->run(c);
    if (command->list)
        return list_run(c);
    return command->columns ? ctl_watch(c) : call(c);
}

static int run(const struct line *line, struct arena *arena)
{
    const struct ctl_command *command = line->command;
    struct ctl c = {.line = line, .arena = arena};
    if (!command->offline && ctl_connect(line, &c.client))
        return 1;
    int code = command->offline ? 0 : name_case(&c);
    if (code == 0)
        code = run_command(&c);
    if (c.client)
        rpc_sync_free(c.client);
    return code;
}

static int run_line(int argc, char **argv, struct arena *arena)
{
    struct line line = {0};
    switch (line_parse(&line, argc, argv, arena)) {
    case LINE_RUN:
        return run(&line, arena);
    case LINE_HELP:
        return 0;
    default:
        return 1;
    }
}

/* What the libraries log is for whoever looks for a defect of theirs. */
static void set_log(void)
{
    log_setup(getenv("GRPC_VERBOSITY") ? LOG_DEBUG : LOG_ERROR, "amendsctl");
}

int main(int argc, char **argv)
{
    struct arena arena;
    int code = 0;
    set_log();
    out_begin();
    arena_init(&arena, ARENA_BYTES);
    if (argc > 1 && strcmp(argv[1], COMPLETE_WORD) == 0)
        complete_words(argc - 2, argv + 2, &arena);
    else
        code = run_line(argc, argv, &arena);
    arena_free(&arena);
    return out_end(code);
}
