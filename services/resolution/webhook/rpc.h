/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The calls of WebhookService. What each does is told in its proto.
 *
 * Threading: io loop's thread. Private to resolution/webhook. Ownership: everything of a call lies
 * in its arena; a new secret is wiped when the call ends.
 */

#include "amends/v1/webhook_service.pb-c.h"
#include "resolution/webhook/impl.h"

void hook_put_call(struct rpc_call *call, void *webhooks);
void hook_list_call(struct rpc_call *call, void *webhooks);
void hook_delete_call(struct rpc_call *call, void *webhooks);
void hook_test_call(struct rpc_call *call, void *webhooks);
void hook_deliveries_call(struct rpc_call *call, void *webhooks);
void hook_redeliver_call(struct rpc_call *call, void *webhooks);

/* -- shared by them ---------------------------------------------------------------------------- */

/* A call under way. */
struct hook_call {
    struct webhooks *all;
    struct read_call *rc;
    struct hook_row row; /* as it was read */
    bool found;
    void *user;
};
struct hook_call *hook_call_new(struct read_call *rc);

/* Begins a call: the webhooks are in rc->user of `start`. */
void hook_call_begin(struct rpc_call *call, void *webhooks, size_t bytes,
                     void (*start)(struct read_call *rc));

/* A read of the call, with its deadline. */
struct sender_read *hook_call_read(struct hook_call *c,
                                   void (*rows)(struct pg_read *r, size_t i,
                                                const struct pg_rows *rows),
                                   void (*ended)(struct sender_read *r, const struct fault *fault));

/* Adds the read of one webhook and its keys, two statements, and takes their results. */
void hook_call_add_get(struct hook_call *c, struct sender_read *r, const char *webhook_id);
void hook_call_take_row(struct hook_call *c, const struct pg_rows *rows);
void hook_call_take_key(struct hook_call *c, const struct pg_rows *rows);

/* A violation when it is no id of a webhook. */
void hook_check_id(struct fault *fault, const char *id, bool required);
/* Refuses the call: there is no such webhook. */
void hook_not_found(struct hook_call *c, const char *id);
/* Refuses the call with a fault of the machinery. */
void hook_call_fail(struct hook_call *c, const struct fault *fault);

Amends__V1__Webhook *hook_message(const struct hook_call *c, const struct hook_row *row);

/* A place that a call names: "EARLIEST", or a token; false, with a fault, when it is none that this
 * tenant could go on from. `now` is the feed as it is. */
bool hook_place(struct hook_call *c, const char *field, const char *text,
                const struct feed_now *now, struct feed_position *out);
