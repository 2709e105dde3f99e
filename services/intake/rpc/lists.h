/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The handlers that page through cases and events, and the one that verifies a history.
 *
 * Threading: io loop's thread. Ownership: everything of a call lies in its arena.
 */

#include "shared/service.h"

void lists_cases(struct rpc_call *call, void *service);
void lists_history(struct rpc_call *call, void *service);
void lists_verify(struct rpc_call *call, void *service);
