/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The channel that sends notifications by mail (resolution/delivery/channel.h).
 *
 * What the engine gives at once is looked up at once: what the notifications tell, and where their
 * recipients are reached now. The words are those of the tenant's current policy, so that an
 * address or a text that was changed holds for older cases, too. What policy has gathered for a
 * recipient until the time of a digest goes out as one mail.
 *
 * A mail's id is its notification's, or follows from its notifications: a repeat, after a replica
 * ended between the sending and its record, can be known again.
 *
 * Threading: io loop's thread; the server is spoken with by threads of its own (outbound/smtp.h).
 * Ownership: mail_channel_free() ends it after the loop's end; the engine ends before it.
 */

#include "outbound/smtp_session.h"
#include "resolution/delivery/deliveries.h"

struct mail_channel;

/* Joins the engine. `settings` outlive it. */
struct mail_channel *mail_channel_new(struct service *service, struct deliveries *deliveries,
                                      unsigned first_stmt, const struct smtp_settings *settings);

/* Ends the work: what the server has not answered after `patience_us` is left to others. */
void mail_channel_stop(struct mail_channel *m, int64_t patience_us, void (*ended)(void *ctx),
                       void *ctx);
/* NULL is allowed. */
void mail_channel_free(struct mail_channel *m);

/* For the operator's test mail: the SMTP client. */
struct smtp *mail_channel_smtp(struct mail_channel *m);
