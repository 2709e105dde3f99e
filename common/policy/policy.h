/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A policy version, compiled: who is accountable, what may be given, which clocks run. The compiler
 * of bundles (policy/compile/bundle.h) makes it from YAML; a test may build one (policy/build.h).
 * Afterwards it never changes, and it is the same for every reader.
 *
 * Threading: any number of threads may read one policy, but for policy_calendar_in(), whose cache
 * belongs to one thread at a time. Ownership: everything lies in the policy's own arena, and
 * policy_free() ends it.
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

#define POLICY_FORMAT_MAX 2 /* the newest format of bundles: what `amends` may say */
#define POLICY_LEVELS_MAX 8
#define POLICY_FAILURES_MAX 256
#define POLICY_SEVERITY_MAX 5
#define POLICY_SEVERITIES (POLICY_SEVERITY_MAX + 1) /* the length of an array by severity */
#define POLICY_CALENDARS_MAX 16
#define POLICY_NAMED_CLOCKS_MAX 32 /* those of `clocks`; each level may have one besides */
#define POLICY_CLOCKS_MAX (POLICY_NAMED_CLOCKS_MAX + POLICY_LEVELS_MAX)
#define POLICY_TARGETS_MAX 64    /* of one clock */
#define POLICY_THRESHOLDS_MAX 16 /* of one clock */
#define POLICY_TIERS_MAX 16
#define POLICY_PERCENT_MAX 1000
#define POLICY_TEXT_BYTES_MAX 500 /* of a text for people */
#define POLICY_NAME_BYTES_MAX 64  /* of a name or a code */
#define POLICY_DAY_MS (24 * 3600 * 1000LL)
/* The longest time that a case may be without a clock that runs, and that the auditor lets pass
 * until the next instant of a case. It is longer than the eight weeks of a final response. */
#define POLICY_UNWATCHED_MAX_DAYS 60
#define POLICY_UNWATCHED_MAX_MS (POLICY_UNWATCHED_MAX_DAYS * POLICY_DAY_MS)
/* The longest target and the longest pause: ten years. The shortest target: a second. */
#define POLICY_DAYS_MAX 3653
#define POLICY_DURATION_MAX_MS (POLICY_DAYS_MAX * POLICY_DAY_MS)
#define POLICY_TARGET_MIN_MS 1000

struct policy_level {
    const char *name;
    const char *steward;      /* principal id; no agent may have it */
    const char *steward_name; /* as the customer may see it, like the two below */
    const char *steward_contact;
    const char *steward_hours;
    const char *steward_email; /* these three are not for customers; "" = none */
    const char *steward_webhook;
    const char *steward_language;
    int16_t action; /* LadderAction when a case arrives */
    int64_t cost_per_touch_micros;
    /* What an agent of this level may give in one case, by kind, in any currency; 0 = nothing. */
    int64_t limit_micros[REMEDY_KIND_COUNT];
};

struct policy_failure {
    const char *code; /* "billing.overcharge", or a branch "billing" */
    const char *name;
    const char *skill;      /* required of whoever takes it; "" = none */
    int16_t skill_level;    /* 1..5; 0 without a skill */
    int16_t severity;       /* 1..5, unless the signal says another */
    int16_t typical_remedy; /* RemedyKind */
    int64_t typical_micros; /* what that is worth when no money at stake is given */
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
    int64_t ms;   /* of POLICY_UNIT_TIME */
    int32_t days; /* of the other units */
};

/* Whom a threshold notifies: bits. */
enum policy_notify {
    POLICY_NOTIFY_OWNER = 1,
    POLICY_NOTIFY_STEWARD = 2, /* of the case's level */
    POLICY_NOTIFY_NEXT = 4,    /* the steward of the level above; at the top, of the top */
};

/* When something happens: at a share of the target, or a time before its end. They come one after
 * the other, in their order in the clock. */
struct policy_threshold {
    int32_t percent;   /* 1 .. POLICY_PERCENT_MAX; 0 for a time before */
    int64_t before_ms; /* so long before the end of the target, whole seconds; 0 for a share */
    uint32_t actions;  /* bit n = EscalationAction n */
    uint32_t notify;   /* of enum policy_notify; 0 without the action NOTIFY */
    int64_t raise_ms;  /* added to the boost; 0 without the action RAISE_PRIORITY */
};

/* What names a threshold in a clock, and in all that is recorded of it: per cent, or as many
 * seconds below zero as it comes before the end of the target. */
int32_t policy_threshold_id(const struct policy_threshold *t);

/* A definition of clocks. After every change of a case the conditions are looked at, definition by
 * definition in their order here: for an open clock first `cancel`, then `stop`, `reset`, `pause`
 * and `resume`, and only then `start`.
 *
 * The kinds OFFER, APPROVAL, PROMISE and FULFILMENT measure a subject: they start and stop with it
 * and have no conditions. OFFER and PROMISE have no targets either, because their instant is given.
 */
struct policy_clock {
    const char *name; /* [a-z][a-z0-9_.]*, once in a policy */
    int16_t kind;     /* ClockKind */
    int16_t calendar; /* index; -1 = any time counts */
    bool customer_zone;
    bool again;    /* it starts anew whenever `start` holds; else once a round */
    int16_t level; /* the level that a clock of the kind LEVEL watches; else 0 */
    struct policy_condition start, stop, cancel, reset, pause, resume;
    int64_t pause_single_ms; /* the longest pause; 0 = it never pauses */
    int64_t pause_total_ms;  /* the longest time of all pauses together */
    size_t n_targets, n_thresholds;
    /* The first whose condition holds counts; that of the last one always holds. */
    struct policy_target *targets;
    struct policy_threshold *thresholds;
};

/* -- texts ------------------------------------------------------------------------------------- */

/* What is told to people, by language: policy/template.h. */
enum policy_text_part {
    POLICY_TEXT_MAIL,   /* of a NotificationKind; 0 = of every kind that has none of its own */
    POLICY_TEXT_DIGEST, /* of several notifications; number 0 */
    POLICY_TEXT_CAUSE,  /* words for a NotificationCause */
    POLICY_TEXT_ASK     /* words for a NotificationAsk */
};

struct policy_text {
    const char *language;
    int16_t part, number;
    bool inherited;      /* of templates.yaml: the bundle does not say it */
    const char *subject; /* of mails */
    const char *text;    /* also the words */
    const char *line;    /* of a digest */
};

/* -- who is told how --------------------------------------------------------------------------- */

#define POLICY_DIGESTS_MAX 24
#define POLICY_CHANNEL_RULES_MAX 32

/* Whom a rule is about: bits. */
enum policy_told { POLICY_TOLD_AGENT = 1, POLICY_TOLD_STEWARD = 2 };

/* Each set is of what fits; 0 = everything fits. */
struct policy_channel_rule {
    uint32_t levels;   /* bit n = level n */
    uint32_t kinds;    /* bit n = NotificationKind n */
    int32_t percent;   /* a threshold of so much or more */
    uint32_t urgent;   /* bit 0 = what is not, bit 1 = what is */
    uint32_t to;       /* of enum policy_told */
    uint32_t channels; /* bit n = NotificationChannel n */
};

struct policy_telling {
    int16_t hours;                         /* calendar; -1 = always */
    size_t n_digests;                      /* 0 = mails are not gathered */
    int32_t digests_s[POLICY_DIGESTS_MAX]; /* after midnight, ascending */
    const char *link, *webhook;            /* "" = none */
    size_t n_rules;
    struct policy_channel_rule rules[POLICY_CHANNEL_RULES_MAX];
};

/* -- the policy -------------------------------------------------------------------------------- */

struct policy {
    uint32_t magic;
    struct arena arena;
    int32_t version;
    int16_t format; /* of its bundle: what `amends` says; 0 counts as 1 */
    /* How many problems ApplyPolicy would refuse it for today, and the first of them: its path in
     * the bundle, and its text; "" without any. Only a stored version has some. */
    size_t n_refusals;
    const char *refusal_path, *refusal;
    const char *currency;    /* of costs per touch, ISO 4217 */
    const struct zone *zone; /* the company's */
    size_t n_tiers;
    const char *tiers[POLICY_TIERS_MAX]; /* the fact TIER is the place + 1 */
    int16_t n_levels;
    struct policy_level levels[POLICY_LEVELS_MAX + 1]; /* index = level, from 1 */
    size_t n_failures;
    struct policy_failure failures[POLICY_FAILURES_MAX]; /* by code */
    size_t n_calendars;
    struct policy_calendar calendars[POLICY_CALENDARS_MAX];
    size_t n_clocks;
    struct policy_clock clocks[POLICY_CLOCKS_MAX];
    const char *mail_from; /* how the sender of mails is shown */
    size_t n_texts;
    const struct policy_text *texts;
    struct policy_telling notify;   /* read it by policy/notify.h */
    struct policy_layouts *layouts; /* behind policy_calendar_in() */
    /* The settings, as settings.def describes them: `int64_t offer_timeout_ms;` and so on. */
#define SETTINGS_AS_FIELDS
#include "policy/settings.def"
};

/* Ends a policy and all it holds. NULL is nothing. */
void policy_free(struct policy *p);

/* The failure of a code, or of its nearest branch. NULL when neither is in the taxonomy. */
const struct policy_failure *policy_failure_find(const struct policy *p, const char *code);

/* The lowest level whose agents may give `micros` of a remedy kind; 0 when no level may. */
int policy_level_that_may(const struct policy *p, int remedy_kind, int64_t micros);

/* The clock of a name, and the first clock of a kind; NULL when there is none. */
const struct policy_clock *policy_clock_find(const struct policy *p, const char *name);
const struct policy_clock *policy_clock_of_kind(const struct policy *p, int kind);

/* The text for a language: in it, else in the one that it is a form of ("pt" for "pt-BR"), else in
 * English; in each of them the one for the number, else the one for 0. NULL when there is none even
 * in English. */
const struct policy_text *policy_text_find(const struct policy *p, const char *language,
                                           enum policy_text_part part, int number);

/* The index of a calendar; -1 when there is none of that name. */
int policy_calendar_find(const struct policy *p, const char *name);

/* The fact TIER of a tier's name; 0 for "" and for a name that the policy does not have. */
int policy_tier(const struct policy *p, const char *name);

/* The zone that a calendar is laid out in (or days, for -1): the customer's when it is asked for
 * and known, else the calendar's own, else the company's. A customer's zone that is not known here
 * makes the process not ready, and a case that has one is not decided. */
const struct zone *policy_zone(const struct policy *p, int calendar, bool customer_zone,
                               const char *customer_zone_name);

/* The calendar `index` laid out in `zone`; NULL for index -1, because all time counts then. It is
 * laid out when it is first asked for, which takes some milliseconds, and then kept. When more than
 * POLICY_LAYOUTS_MAX are kept, the one used longest ago goes: a calendar is valid until the next
 * call only. */
#define POLICY_LAYOUTS_MAX 64
const struct calendar *policy_calendar_in(const struct policy *p, int index,
                                          const struct zone *zone);
