/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The table of everything that a bundle may say (settings.def): what each key is called, what it
 * may be, what holds when it is left out, and where its value is kept. Reading (read/), checking
 * (validate/), describing (describe/) and the manual (bundles/README.md) go by this table.
 *
 * Threading: constant. Ownership: constants only.
 */

#include <protobuf-c/protobuf-c.h>

#include "calendar/ical.h"
#include "policy/policy.h"
#include "policy/template.h"

/* What repeats in a bundle has a scope of its own: paths begin there, and values are kept there. */
enum setting_scope {
    SCOPE_SECTION,   /* keys of the whole bundle; struct policy */
    SCOPE_CALENDAR,  /* struct policy_calendar */
    SCOPE_HOLIDAY,   /* struct calendar_holiday */
    SCOPE_ICAL,      /* struct ical_choice */
    SCOPE_LEVEL,     /* struct policy_level */
    SCOPE_FAILURE,   /* struct policy_failure */
    SCOPE_CLOCK,     /* struct policy_clock; only what `clocks` has */
    SCOPE_TIMING,    /* struct policy_clock; also what a level's clock has */
    SCOPE_WATCH,     /* struct policy_clock; only of clocks that follow the facts of a case */
    SCOPE_DAYS,      /* struct policy_target */
    SCOPE_THRESHOLD, /* struct policy_threshold */
    SCOPE_NOTIFY,    /* struct policy_telling */
    SCOPE_CHANNEL,   /* struct policy_channel_rule */
    SCOPE_SETTINGS,  /* struct policy: promises, close_gate, assignment, priority */
    SETTING_SCOPES
};

/* The C type of each is that of POINTER_<type> in settings.c. */
enum setting_type {
    SETTING_FORM,        /* has a form of its own and no field */
    SETTING_GROUP,       /* a mapping of other keys; no field */
    SETTING_TEXT,        /* a text */
    SETTING_PRINCIPAL,   /* a text: who holds a level */
    SETTING_CURRENCY,    /* a text: ISO 4217 */
    SETTING_SKILL,       /* a text: a skill's code, "" = none */
    SETTING_DURATION,    /* ms */
    SETTING_BY_SEVERITY, /* ms, index = severity */
    SETTING_AMOUNT,      /* micro-units */
    SETTING_WHOLE,       /* a whole number */
    SETTING_YEARS,       /* calendar years, 0 = for ever */
    SETTING_YES_NO,
    SETTING_WORD,      /* a number of an enumeration of the contract */
    SETTING_WORDS,     /* a set of those: bit n = number n */
    SETTING_CALENDAR,  /* the place of a calendar, -1 = always */
    SETTING_ZONE,      /* NULL = the company's */
    SETTING_CUSTOMER,  /* the customer's zone, not the company's */
    SETTING_CONDITION, /* over the facts of a case */
    SETTING_TYPES
};

/* What a value may be; which members hold depends on the type. */
struct setting_range {
    int64_t min, max;                     /* of numbers, inclusive */
    bool optional;                        /* 0 is allowed too: it was not given */
    const char *why;                      /* why not more; NULL = no reason is told */
    const ProtobufCEnumDescriptor *words; /* of SETTING_WORD and SETTING_WORDS */
    const char *needs;                    /* what belongs here, in words; NULL = the type says it */
};

/* What holds when the key is left out. Without both texts the key is required. */
struct setting_fallback {
    const char *value; /* as a bundle writes it */
    const char *says;  /* in words: the reader of the part sees to it */
    bool set;          /* false = required */
    bool unused;       /* nothing uses the value yet: who sets it is warned */
};

struct setting {
    enum setting_scope scope;
    enum setting_type type;
    const char *path; /* within its scope: "steward.name" */
    size_t offset;    /* of its field in the scope's struct; 0 for a form and a group */
    struct setting_range range;
    struct setting_fallback fallback;
    const char *description; /* NULL = a group that the manual does not list */
};

/* The rows of a scope, in the order of the table: `for (s = setting_first(scope); s; s =
 * setting_next(s))`. NULL after the last one. */
const struct setting *setting_first(enum setting_scope scope);
const struct setting *setting_next(const struct setting *s);

/* Writes the keys that may stand in the mapping `group` of a scope ("" = the entry itself,
 * "steward") behind the `n` that `keys` has already, and NULL behind them. Returns how many there
 * are now. */
#define SETTING_KEYS_MAX 32
size_t setting_keys(enum setting_scope scope, const char *group, const char *keys[SETTING_KEYS_MAX],
                    size_t n);
