/* SPDX-License-Identifier: Apache-2.0 */

#include "intake/rpc/policy_message.h"

#include <string.h>

#include "case/message/message.h"
#include "contract/reasons.h"

#define TEXT(s) ((char *)(uintptr_t)(s)) /* protobuf-c's strings are not const */

Amends__V1__PolicyVersion *policy_message(const struct policy_row *row, struct arena *arena)
{
    Amends__V1__PolicyVersion *v = ARENA_NEW(arena, Amends__V1__PolicyVersion);
    amends__v1__policy_version__init(v);
    v->version = row->version;
    v->create_time = message_time(row->created_at, arena);
    v->creator = TEXT(row->created_by);
    v->source = TEXT(row->source);
    v->current = row->current;
    return v;
}

void policy_problems_message(const struct bundle_problems *problems,
                             Amends__V1__ApplyPolicyResponse *out, struct arena *arena)
{
    out->problems = ARENA_ARRAY(arena, Amends__V1__PolicyProblem *, problems->n + 1);
    for (size_t i = 0; i < problems->n; i++)
        out->problems[out->n_problems++] = bundle_problem_message(&problems->items[i], arena);
}

void policy_not_found(struct read_call *rc, int32_t version)
{
    fault_set(&rc->fault, FAULT_NOT_FOUND, ERROR_REASON_POLICY_NOT_FOUND, "no policy version %d",
              (int)version);
    fault_meta(&rc->fault, "policy_version", "%d", (int)version);
    rpc_fail(rc->call, &rc->fault);
}

bool policy_client_only(struct read_call *rc, const struct store_read *read)
{
    const struct rpc_principal *who = rpc_call_principal(rc->call);
    const char *principal = who->id;
    if (who->proved) /* then the table of roles has said who may */
        return true;
    ROWS_EACH (agent, const struct agent_row, &read->agents) {
        if (strcmp(agent->agent_id, principal) != 0)
            continue;
        fault_set(&rc->fault, FAULT_PERMISSION_DENIED, ERROR_REASON_NOT_A_CLIENT_APPLICATION,
                  "'%s' is an agent, and only a client application may do this", principal);
        rpc_fail(rc->call, &rc->fault);
        return false;
    }
    return true;
}
