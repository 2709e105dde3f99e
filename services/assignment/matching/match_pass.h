/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One pass of matching for one tenant.
 *
 * Threading: io loop's thread. Ownership: the caller frees it in or after `ended`.
 */

#include "assignment/matching/heads.h"

#define MATCH_NAMED_MAX 64

struct match_pass {
    struct assignment *a;
    int64_t tenant_id;
    /* Given by the caller before the start: agents to look at beyond the longest idle ones (freed
     * with the pass), and where to begin among those. */
    char *named[MATCH_NAMED_MAX];
    size_t n_named;
    bool from_database;
    int64_t idle_after_us;
    /* The outcome. */
    size_t n_offered;
    size_t n_unfit; /* refused because the agent does not fit: the next best may */
    void (*ended)(struct match_pass *pass);
    void *ctx;
    /* Its own. */
    struct arena arena;
    const struct tenant *tenant;
    const struct policy *policy;
    struct rows agents; /* of struct agent_row */
    struct heads heads;
    const struct pick_cooling *cooling;
    size_t n_cooling;
    size_t in_flight;
};

void match_pass_register(void); /* metrics */
struct match_pass *match_pass_new(struct assignment *a, int64_t tenant_id,
                                  void (*ended)(struct match_pass *pass), void *ctx);
/* `ended` may run in this call. */
void match_pass_start(struct match_pass *pass);
void match_pass_free(struct match_pass *pass);
