/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * GetContactCard: who is accountable and how the customer reaches them.
 *
 * Threading: io loop. Ownership: everything of a call lies in its arena.
 */

#include "shared/service.h"

void card_get(struct rpc_call *call, void *service);
