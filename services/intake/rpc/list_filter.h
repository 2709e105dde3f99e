/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The filter of a ListCases, from its request.
 *
 * Threading: pure. Ownership: texts are the request's.
 */

#include "amends/v1/intake_service.pb-c.h"
#include "store/store.h"

/* Fills `f` but for its place and limit, and adds what does not go together. `now_us` is what
 * "overdue" means. The reference, as it is stored, goes into `reference`; "" = none is given. */
void list_filter(struct case_filter *f, const Amends__V1__ListCasesRequest *req, int64_t now_us,
                 char reference[], struct fault *fault);

/* Tells whether a page token belongs to these filters. That of filters which the last release
 * knows, too, is the one that it computes. */
uint64_t list_filter_hash(const struct case_filter *f, const char *reference);
