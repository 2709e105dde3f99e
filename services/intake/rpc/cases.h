/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The handlers that show whole cases, and the words of one.
 *
 * A case is read in slices: its row and parts of one instant, with the newest words; then more
 * words, which never change, as far as the response has room. Rows are read into an arena of their
 * own, which is emptied after each slice; only the response stays.
 *
 * Threading: io loop's thread. Ownership: everything of a call lies in its arena, but for the rows
 * of a slice.
 */

#include "shared/service.h"

/* No response is larger: clients of gRPC refuse more than 4 MiB unless they are told otherwise. */
#define RESPONSE_BYTES_MOST 4000000

/* The quota of a call that shows cases: the fullest case, a thousand clocks with 64 pauses each,
 * needs a third of it as a message. */
#define CASES_ARENA_BYTES (48u << 20)

void cases_get(struct rpc_call *call, void *service);
void cases_batch(struct rpc_call *call, void *service);

void words_signals(struct rpc_call *call, void *service);
void words_contacts(struct rpc_call *call, void *service);
void words_acts(struct rpc_call *call, void *service);
