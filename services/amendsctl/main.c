/* SPDX-License-Identifier: Apache-2.0 */

/* amendsctl: one command, one call, one exit code. */

#include <stdio.h>
#include <stdlib.h>

#include "amendsctl/line.h"
#include "amendsctl/show.h"
#include "rpc/client.h"
#include "rpc/json.h"

#define ARENA_BYTES (64u << 20)
#define TIMEOUT_MS 10000

static void print_json(const ProtobufCMessage *message)
{
    json_t *value = json_from_message(message);
    char *text = json_dumps(value, JSON_COMPACT);
    (void)printf("%s\n", text ? text : "{}");
    (void)fflush(stdout);
    free(text);
    json_decref(value);
}

static void print_reply(const struct line *line, const ProtobufCMessage *reply, struct arena *arena)
{
    if (line->json)
        print_json(reply);
    else if (line->command->list)
        show_table(reply, line->command->list, line->command->columns, arena);
    else
        show_message(reply, arena);
}

static void print_items(const struct fault_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)fprintf(stderr, "  %s: %s\n", items[i].key, items[i].text);
}

static int exit_code(enum fault_code code)
{
    switch (code) {
    case FAULT_OK:
        return 0;
    case FAULT_INVALID_ARGUMENT:
    case FAULT_OUT_OF_RANGE:
        return 1;
    case FAULT_NOT_FOUND:
        return 3;
    case FAULT_FAILED_PRECONDITION:
    case FAULT_ABORTED:
    case FAULT_ALREADY_EXISTS:
        return 4;
    case FAULT_PERMISSION_DENIED:
    case FAULT_UNAUTHENTICATED:
        return 5;
    case FAULT_RESOURCE_EXHAUSTED:
        return 6;
    case FAULT_UNAVAILABLE:
    case FAULT_DEADLINE_EXCEEDED:
    case FAULT_CANCELLED:
        return 7;
    default:
        return 2;
    }
}

static int report(const struct line *line, const struct rpc_sync_result *result)
{
    if (result->code != FAULT_OK) {
        const char *reason = result->fault.reason ? result->fault.reason : "";
        (void)fprintf(stderr, "amendsctl: %s%s%s (at %s)\n", reason, *reason ? ": " : "",
                      result->message, line->address[line->command->server]);
        print_items(result->fault.violations, result->fault.n_violations);
        print_items(result->fault.metadata, result->fault.n_metadata);
    }
    return exit_code(result->code);
}

struct watch {
    const struct line *line;
    struct arena arena; /* of one message */
};

static bool watched(void *ctx, const ProtobufCMessage *message)
{
    const size_t message_bytes = 1u << 20;
    struct watch *w = ctx;
    arena_init(&w->arena, message_bytes);
    if (w->line->json)
        print_json(message);
    else
        show_line(message, w->line->command->columns, &w->arena);
    arena_free(&w->arena);
    return true;
}

static int call(const struct line *line, struct rpc_sync *client, struct arena *arena,
                struct rpc_sync_result *result)
{
    const ProtobufCServiceDescriptor *service = ctl_service(line->command->server);
    const unsigned method = ctl_method_index(line->command);
    const struct rpc_principal as = {.tenant = line->tenant, .id = line->as};
    struct watch watch = {.line = line};
    if (!line->command->list && line->command->columns)
        return rpc_sync_stream(client, service, method, &as, line->request,
                               line->timeout_ms < 0 ? 0 : line->timeout_ms, watched, &watch, arena,
                               result);
    return rpc_sync_call(client, service, method, &as, line->request,
                         line->timeout_ms < 0 ? TIMEOUT_MS : line->timeout_ms, arena, result);
}

static int run(const struct line *line, struct arena *arena)
{
    struct rpc_sync_result result = {0};
    struct rpc_sync *client = rpc_sync_new(line->address[line->command->server]);
    int err = call(line, client, arena, &result);
    int code = 1;
    if (err) {
        (void)fprintf(
            stderr,
            "amendsctl: --tenant or --as is not well formed, or the reply is too large: %s\n",
            err_text(err));
    } else {
        code = report(line, &result);
        if (result.reply)
            print_reply(line, result.reply, arena);
    }
    rpc_sync_free(client);
    return code;
}

int main(int argc, char **argv)
{
    struct arena arena;
    struct line line = {0};
    arena_init(&arena, ARENA_BYTES);
    enum line_result parsed = line_parse(&line, argc, argv, &arena);
    int code = parsed == LINE_HELP ? 0 : 1;
    if (parsed == LINE_RUN)
        code = run(&line, &arena);
    arena_free(&arena);
    return code;
}
