/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The handlers of PrivacyService.
 *
 * Threading: io loop's thread. Ownership: everything of a call lies in its arena.
 */

#include "shared/service.h"

void privacy_erase(struct rpc_call *call, void *service);
void privacy_export(struct rpc_call *call, void *service);
void privacy_accesses(struct rpc_call *call, void *service);

#define PRIVACY_CUSTOMER_ID_BYTES 128 /* as OpenCase takes it */

/* Refuses the call: NOT_FOUND / CUSTOMER_NOT_FOUND. */
void privacy_no_customer(struct read_call *rc, const char *customer_id);
