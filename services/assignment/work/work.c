/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment/work/work.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

int work_register(struct assignment *a, struct rpc_server *server)
{
    static const struct rpc_method methods[] = {
        {.name = "ListWork", .handle = work_list, .slots = 16, .arena_bytes = READ_PAGE},
        {.name = "GetWorkSummary", .handle = work_summary, .slots = 8, .arena_bytes = READ_CASE},
        {.name = "WatchWork", .kind = RPC_SERVER_STREAM, .handle = work_watch, .slots = 64},
    };
    return rpc_server_add(server, &amends__v1__work_service__descriptor, methods, COUNT(methods),
                          a);
}
