/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The handlers of HistoryService: checkpoints, and the verification of all histories of a tenant.
 *
 * Threading: io loop's thread. Ownership: everything of a call lies in its arena, but for what a
 * verification reads.
 */

#include "shared/service.h"

void histories_checkpoints(struct rpc_call *call, void *service);
void histories_heads(struct rpc_call *call, void *service);
void histories_verify(struct rpc_call *call, void *service);
