/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A compiled policy version: immutable, the same for every reader. Made by policy_new() ..
 * policy_finish(), which the YAML compiler will use as policy_default() does today.
 *
 * Threading: immutable after policy_finish(): any thread. Ownership: everything lies in the
 * policy's own arena.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/slice.h"

#define POLICY_LEVELS_MAX 8
#define POLICY_FAILURES_MAX 256
#define POLICY_REMEDY_KINDS 12 /* index = RemedyKind */
#define POLICY_SEVERITIES 6    /* index = severity 1..5 */

/* Micro-units: one unit of a currency is 1,000,000. */
#define POLICY_MICROS 1000000LL
/* A limit that no amount passes. */
#define POLICY_UNLIMITED INT64_MAX

struct policy_level {
    const char *name;
    const char *steward;      /* principal id; no agent may have it */
    const char *steward_name; /* as the customer may see it */
    const char *steward_contact;
    const char *steward_hours;
    int16_t action; /* LadderAction on arrival */
    int64_t cost_per_touch_micros;
    int64_t limit_micros[POLICY_REMEDY_KINDS]; /* authority per case of an agent of this level, in
                                                  any currency; 0 = none */
};

struct policy_failure {
    const char *code; /* "billing.overcharge", or a branch "billing" */
    const char *name;
    const char *skill; /* required skill, "" = none */
    int16_t skill_level;
    int16_t severity;       /* default severity 1..5 */
    int16_t typical_remedy; /* RemedyKind */
    int64_t typical_micros; /* expected exposure when no money at stake is given */
};

struct policy {
    uint32_t magic;
    struct arena arena;
    int32_t version;
    int16_t n_levels;
    struct policy_level levels[POLICY_LEVELS_MAX + 1]; /* index = level, from 1 */
    size_t n_failures;
    struct policy_failure failures[POLICY_FAILURES_MAX];
    int64_t first_response_ms[POLICY_SEVERITIES];
    int64_t resolution_ms[POLICY_SEVERITIES];
    int64_t offer_timeout_ms;
    int64_t decline_cooldown_ms;
    int64_t away_after_ms; /* an agent whose streams are gone this long is away */
    int32_t transfer_limit;
    /* Close gate. */
    int32_t unreachable_attempts;  /* 3 attempts ... */
    int32_t unreachable_channels;  /* ... on 2 channels ... */
    int64_t unreachable_window_ms; /* ... over at least this long (5 days) */
    uint32_t acts_any_of;          /* bit n = ActKind n: one of these is required */
    int64_t follow_up_window_ms;
    /* Boost in ms: added for severity, for each repeat signal, and by money at stake; never more
     * than boost_max_ms, which is the starvation bound. */
    int64_t boost_severity_ms[POLICY_SEVERITIES];
    int64_t boost_repeat_ms;
    int64_t boost_per_stake_unit_ms;
    int64_t boost_max_ms;
};

/* An empty policy under construction. */
struct policy *policy_new(int32_t version);
/* Copies the level in as the next one. AM_ENOMEM past POLICY_LEVELS_MAX. */
int policy_add_level(struct policy *p, const struct policy_level *level) AM_MUSTCHECK;
int policy_add_failure(struct policy *p, const struct policy_failure *failure) AM_MUSTCHECK;
/* Checks the whole: adds every violation to `fault`, field = path in the bundle. AM_EINVAL when
 * there is any. */
int policy_finish(struct policy *p, struct fault *fault) AM_MUSTCHECK;
void policy_free(struct policy *p);

/* The bundle that the program ships; good enough to use as it is. Ends the process if it does not
 * compile (a test holds). */
struct policy *policy_default(int32_t version);

/* Compiles a stored source ("default" is all there is for now). NULL and a violation for another.
 */
struct policy *policy_compile(int32_t version, const char *source, struct fault *fault);

/* The failure of the code, or of its nearest branch; NULL when neither the code nor any branch is
 * in the taxonomy. */
const struct policy_failure *policy_failure_find(const struct policy *p, const char *code);

/* The first response or resolution target in ms for a severity 1..5. */
int64_t policy_first_response_ms(const struct policy *p, int severity);
int64_t policy_resolution_ms(const struct policy *p, int severity);

/* The lowest level whose agents may give `micros` of this remedy kind; 0 when no level may. */
int policy_level_that_may(const struct policy *p, int remedy_kind, int64_t micros);
