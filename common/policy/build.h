/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Building a policy part by part: for the compiler of bundles, and for tests that need a policy
 * that no bundle could have.
 *
 * Parts are added in the order of the bundle. Whoever builds checks the whole afterwards with
 * policy_validate() (policy/validate/validate.h); nothing here does.
 *
 * Threading: one thread builds a policy. Ownership: every part is copied into the policy's arena,
 * with all its texts.
 */

#include "policy/policy.h"

/* An empty policy: no currency, UTC, no contact hours, and 0 for every other setting. The caller
 * owns it and ends it with policy_free(). */
struct policy *policy_new(int32_t version);

/* Each adds a copy as the next part of its kind. AM_ENOMEM past the kind's maximum. */
int policy_add_level(struct policy *p, const struct policy_level *level) AM_MUSTCHECK;
int policy_add_failure(struct policy *p, const struct policy_failure *failure) AM_MUSTCHECK;
int policy_add_tier(struct policy *p, const char *name) AM_MUSTCHECK;
int policy_add_calendar(struct policy *p, const struct policy_calendar *calendar) AM_MUSTCHECK;
int policy_add_clock(struct policy *p, const struct policy_clock *clock) AM_MUSTCHECK;

/* Replaces what is said of notifications. */
void policy_set_notify(struct policy *p, const struct policy_telling *notify);

/* Sorts the failures by code. policy_failure_find() needs that, and conditions name failures by
 * their place, so it comes before the first condition is built. */
void policy_sort_failures(struct policy *p);

/* Takes copies of all texts, in place of those that it has. */
void policy_set_texts(struct policy *p, const char *mail_from, const struct policy_text *texts,
                      size_t n);
