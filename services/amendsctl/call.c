/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "contract/word.h"
#include "rpc/json.h"

#define TIMEOUT_MS 10000

void ctl_print_json(const ProtobufCMessage *message)
{
    json_t *value = json_from_message(message);
    char *text = json_dumps(value, JSON_COMPACT);
    (void)printf("%s\n", text ? text : "{}");
    (void)fflush(stdout);
    free(text);
    json_decref(value);
}

/* -- failures ---------------------------------------------------------------------------------- */

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

int ctl_report(const char *address, const struct rpc_sync_result *result)
{
    if (result->code != FAULT_OK) {
        const char *reason = contract_reason(result->fault.reason);
        (void)fprintf(stderr, "amendsctl: %s%s%s (at %s)\n", reason, *reason ? ": " : "",
                      result->message, address);
        print_items(result->fault.violations, result->fault.n_violations);
        print_items(result->fault.metadata, result->fault.n_metadata);
    }
    return exit_code(result->code);
}

int ctl_cannot_call(int err)
{
    (void)fprintf(stderr,
                  "amendsctl: --tenant or --as is not well formed, or the reply is too large: %s\n",
                  err_text(err));
    return 1;
}

/* -- calls ------------------------------------------------------------------------------------- */

struct rpc_principal ctl_caller(const struct ctl *c)
{
    return (struct rpc_principal){.tenant = c->line->tenant, .id = c->line->as};
}

static int64_t timeout_ms(const struct ctl *c, int64_t usual)
{
    return c->line->timeout_ms < 0 ? usual : c->line->timeout_ms;
}

int ctl_call(const struct ctl *c, const char *method, const ProtobufCMessage *request,
             const ProtobufCMessage **reply)
{
    struct rpc_sync_result result = {0};
    const struct rpc_principal as = ctl_caller(c);
    const enum command_server server = c->line->command->server;
    int err = rpc_sync_call(c->client, ctl_service(server), ctl_method_index(server, method), &as,
                            request, timeout_ms(c, TIMEOUT_MS), c->arena, &result);
    *reply = result.reply;
    return err ? ctl_cannot_call(err) : ctl_report(c->line->address[server], &result);
}
