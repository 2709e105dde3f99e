/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The calls of AccessService: API keys. What each does is told in its proto.
 *
 * Threading: io loop. Ownership: everything of a call lies in its arena; the text of a new key is
 * wiped when the call ends.
 */

#include "amends/v1/access_service.pb-c.h"
#include "shared/service.h"
#include "store/keys.h"

void keys_create(struct rpc_call *call, void *service);
void keys_get(struct rpc_call *call, void *service);
void keys_list(struct rpc_call *call, void *service);
void keys_rotate(struct rpc_call *call, void *service);
void keys_revoke(struct rpc_call *call, void *service);

/* -- shared by the files of these calls -------------------------------------------------------- */

/* A key as a message, as it is at `now_us` of domain time. */
Amends__V1__ApiKey *keys_message(const struct key_row *row, int64_t now_us, struct arena *arena);

/* Now, by domain time. */
int64_t keys_now_us(const struct read_call *rc);

/* Reads a required key id; a violation of key_id when it is none. */
void keys_check_id(struct read_call *rc, const char *text, struct api_key_id *id);

/* The key of this id among the results, or NULL. */
const struct key_row *keys_result(const struct store_read *read, const struct api_key_id *id);

/* Refuses the call: there is no such key. */
void keys_not_found(struct read_call *rc, const struct api_key_id *id);
