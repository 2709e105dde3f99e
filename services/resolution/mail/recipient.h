/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where a recipient is reached.
 *
 * Threading: pure. Ownership: texts are borrowed from the policy and the caller.
 */

#include "resolution/mail/compose.h"

/* An agent has its own address and language (`email` and `language` of the row, "" = none); a
 * steward has those of the policy. */
void mail_recipient_of(const struct policy *p, const char *principal, const char *email,
                       const char *language, struct mail_recipient *out);

/* The tenant's link pattern; "" = none. */
const char *mail_link_pattern(const struct policy *p);
