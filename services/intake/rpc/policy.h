/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The handlers of PolicyService, and of ExplainDeadline, which is about policy too.
 *
 * Threading: io loop's thread. Ownership: everything of a call lies in its arena.
 */

#include "shared/service.h"

void policy_apply(struct rpc_call *call, void *service);
void policy_get(struct rpc_call *call, void *service);
void policy_list(struct rpc_call *call, void *service);
void policy_migrate(struct rpc_call *call, void *service);
void policy_explain(struct rpc_call *call, void *service);
