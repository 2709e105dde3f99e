/* SPDX-License-Identifier: Apache-2.0 */

#include "resolution/webhook/rpc.h"

int webhooks_register(struct rpc_server *server, struct webhooks *w)
{
    static const struct rpc_method methods[] = {
        {.name = "PutWebhook", .handle = hook_put_call, .slots = 4},
        {.name = "ListWebhooks", .handle = hook_list_call, .slots = 4, .arena_bytes = READ_PAGE},
        {.name = "DeleteWebhook", .handle = hook_delete_call, .slots = 4},
        {.name = "TestWebhook", .handle = hook_test_call, .slots = 4},
        {.name = "ListDeliveries",
         .handle = hook_deliveries_call,
         .slots = 4,
         .arena_bytes = READ_PAGE},
        {.name = "Redeliver", .handle = hook_redeliver_call, .slots = 4},
    };
    return rpc_server_add(server, &amends__v1__webhook_service__descriptor, methods,
                          sizeof methods / sizeof *methods, w);
}
