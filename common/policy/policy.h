/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A compiled policy version: immutable, the same for every reader. The compiler of bundles
 * (policy/read/bundle.h) makes it through policy_new() .. policy_finish(); so may a test.
 *
 * Threading: immutable after policy_finish(), but for the cache behind policy_calendar(): one
 * thread at a time. Ownership: everything lies in the policy's own arena.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/slice.h"
#include "calendar/calendar.h"
#include "contract/money.h"
#include "contract/words.h"
#include "policy/condition.h"

#define POLICY_LEVELS_MAX 8
#define POLICY_FAILURES_MAX 256
#define POLICY_SEVERITIES 6 /* index = severity 1..5 */
#define POLICY_CALENDARS_MAX 16
#define POLICY_CLOCKS_MAX 40
#define POLICY_TARGETS_MAX 64    /* of one clock */
#define POLICY_THRESHOLDS_MAX 16 /* of one clock */
#define POLICY_TIERS_MAX 16
#define POLICY_PERCENT_MAX 1000
/* Longest target and longest pause: ten years. Shortest target: a second. */
#define POLICY_DURATION_MAX_MS (3653LL * 24 * 3600 * 1000)

struct policy_level {
    const char *name;
    const char *steward;      /* principal id; no agent may have it */
    const char *steward_name; /* as the customer may see it */
    const char *steward_contact;
    const char *steward_hours;
    int16_t action; /* LadderAction on arrival */
    int64_t cost_per_touch_micros;
    int64_t limit_micros[REMEDY_KIND_COUNT]; /* by RemedyKind: authority per case of an agent of
                                                this level, in any currency; 0 = none */
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

/* -- calendars --------------------------------------------------------------------------------- */

struct policy_calendar {
    const char *name;
    const struct zone *zone; /* its own; NULL = the company's */
    struct calendar_spec spec;
};

/* -- clocks ------------------------------------------------------------------------------------ */

/* How a target is counted: the numbers of TargetUnit. */
enum policy_unit { POLICY_UNIT_TIME = 0, POLICY_UNIT_BUSINESS_DAYS = 1, POLICY_UNIT_DAYS = 2 };

struct policy_target {
    struct policy_condition when; /* of facts that stand when the clock starts */
    enum policy_unit unit;
    int64_t ms;   /* POLICY_UNIT_TIME */
    int32_t days; /* the other units */
};

/* Whom a notification of a threshold goes to: bits. */
enum policy_notify {
    POLICY_NOTIFY_OWNER = 1,
    POLICY_NOTIFY_STEWARD = 2, /* of the case's level */
    POLICY_NOTIFY_NEXT = 4,    /* the steward of the level above; at the top, of the top */
};

struct policy_threshold {
    int32_t percent;  /* 1 .. POLICY_PERCENT_MAX, each once in a clock, ascending */
    uint32_t actions; /* bit n = EscalationAction n: NOTIFY, RAISE_PRIORITY, CLIMB, REASSIGN,
                         CO_OWN, TAKE_OVER, CLOSE, RAISE_SEVERITY, RESTART */
    uint32_t notify;  /* of enum policy_notify */
    int64_t raise_ms; /* RAISE_PRIORITY: added to the boost */
};

/* A definition of clocks. Conditions are evaluated after every change of a case, definition by
 * definition in their order here, for an open clock of it first `cancel`, then `stop`, then
 * `reset`, then `pause` and `resume`, and only then `start` (common/case/rules.h says it in full).
 * The kinds OFFER, APPROVAL, PROMISE and FULFILMENT measure a subject and start and stop with it:
 * they have targets (not PROMISE and OFFER, whose instant is given) and thresholds only. */
struct policy_clock {
    const char *name; /* [a-z][a-z0-9_.]*, once in a policy */
    int16_t kind;     /* ClockKind */
    int16_t calendar; /* index; -1 = any time counts */
    bool customer_zone;
    bool again;    /* starts anew whenever it holds; else once a round */
    int16_t level; /* kind LEVEL: the level it watches; else 0 */
    struct policy_condition start, stop, cancel, reset, pause, resume;
    int64_t pause_single_ms, pause_total_ms; /* caps, of an instance; 0 = it never pauses */
    size_t n_targets, n_thresholds;
    struct policy_target *targets; /* the first whose condition holds; the last one always does */
    struct policy_threshold *thresholds;
};

struct policy {
    uint32_t magic;
    struct arena arena;
    int32_t version;
    const char *currency;    /* of costs per touch, ISO 4217 */
    const struct zone *zone; /* the company's */
    size_t n_tiers;
    const char *tiers[POLICY_TIERS_MAX]; /* fact TIER = place + 1 */
    int16_t n_levels;
    struct policy_level levels[POLICY_LEVELS_MAX + 1]; /* index = level, from 1 */
    size_t n_failures;
    struct policy_failure failures[POLICY_FAILURES_MAX]; /* by code */
    size_t n_calendars;
    struct policy_calendar calendars[POLICY_CALENDARS_MAX];
    size_t n_clocks;
    struct policy_clock clocks[POLICY_CLOCKS_MAX];
    struct policy_layouts *layouts; /* see policy_calendar_in() */
    int64_t offer_timeout_ms;
    int64_t decline_cooldown_ms;
    int64_t away_after_ms; /* an agent whose streams are gone this long is away */
    int32_t transfer_limit;
    /* Promises. */
    int16_t contact_calendar; /* hours in which customers may be contacted; -1 = any */
    bool contact_customer_zone;
    int64_t promise_ahead_max_ms; /* how far in the future one may lie */
    /* Close gate. */
    int32_t unreachable_attempts;  /* 3 attempts ... */
    int32_t unreachable_channels;  /* ... on 2 channels ... */
    int64_t unreachable_window_ms; /* ... over at least this long (5 days) */
    uint32_t acts_any_of;          /* bit n = ActKind n: one of these is required */
    /* Boost in ms: added for severity, for each repeat signal and each broken promise, and by money
     * at stake; never more than boost_max_ms, which is the starvation bound. What thresholds add
     * (raise_ms) comes under the same bound. */
    int64_t boost_severity_ms[POLICY_SEVERITIES];
    int64_t boost_repeat_ms;
    int64_t boost_broken_promise_ms;
    int64_t boost_per_stake_unit_ms;
    int64_t boost_max_ms;
};

/* An empty policy under construction: currency "", zone UTC, no quiet hours. */
struct policy *policy_new(int32_t version);
/* Each copies what is given in as the next one, deep. AM_ENOMEM past the maximum. */
int policy_add_level(struct policy *p, const struct policy_level *level) AM_MUSTCHECK;
int policy_add_failure(struct policy *p, const struct policy_failure *failure) AM_MUSTCHECK;
int policy_add_tier(struct policy *p, const char *name) AM_MUSTCHECK;
int policy_add_calendar(struct policy *p, const struct policy_calendar *calendar) AM_MUSTCHECK;
int policy_add_clock(struct policy *p, const struct policy_clock *clock) AM_MUSTCHECK;
/* Sorts the failures by code: before conditions that name failures are built (condition.h). */
void policy_sort_failures(struct policy *p);
/* Checks the whole: adds every violation to `fault`, field = path in the bundle. AM_EINVAL when
 * there is any. */
int policy_finish(struct policy *p, struct fault *fault) AM_MUSTCHECK;
void policy_free(struct policy *p);

/* The bundle that the program ships (common/policy/bundles/default.yaml); good enough to use as it
 * is. Ends the process if it does not compile (a test holds). */
struct policy *policy_default(int32_t version);

/* Compiles a stored source: a bundle, or "default" for the one that ships. NULL and violations. */
struct policy *policy_compile(int32_t version, const char *source, struct fault *fault);

/* The failure of the code, or of its nearest branch; NULL when neither the code nor any branch is
 * in the taxonomy. */
const struct policy_failure *policy_failure_find(const struct policy *p, const char *code);

/* The lowest level whose agents may give `micros` of this remedy kind; 0 when no level may. */
int policy_level_that_may(const struct policy *p, int remedy_kind, int64_t micros);

/* The definition by name, NULL = none; the first one of a kind, NULL = none. */
const struct policy_clock *policy_clock_find(const struct policy *p, const char *name);
const struct policy_clock *policy_clock_of_kind(const struct policy *p, int kind);
/* The place of the calendar, -1 = none. */
int policy_calendar_find(const struct policy *p, const char *name);
/* The fact TIER of a tier's name: 0 for "" and for one that is not there. */
int policy_tier(const struct policy *p, const char *name);

/* The zone a calendar (or, for -1, days) is laid out in: the customer's when asked for and known,
 * else the calendar's own, else the company's. */
const struct zone *policy_zone(const struct policy *p, int calendar, bool customer_zone,
                               const char *customer_zone_name);

/* Calendar `index` laid out in `zone`; NULL (always works) for index -1. Laid out when first asked
 * for (some milliseconds) and kept; of more than POLICY_LAYOUTS_MAX zones the one used longest ago
 * makes room, so a calendar is valid until the next call only. */
#define POLICY_LAYOUTS_MAX 64
const struct calendar *policy_calendar_in(const struct policy *p, int index,
                                          const struct zone *zone);
