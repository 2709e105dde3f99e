/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A policy in words: a line for each thing that it says, the way bundles write it. bundle_diff()
 * compares two of them.
 *
 * Threading: pure. Ownership: lines and texts lie in the arena given; a full one ends the list.
 */

#include "policy/settings.h"

struct described {
    const char *path;  /* "clocks.reply.targets[0]" */
    const char *value; /* "severity 5: 1h" */
};

struct description {
    struct arena *arena;
    size_t n, capacity;
    struct described *lines;
    bool full; /* something is missing at its end */
};

/* Adds everything that `p` says, in the order of bundles. */
void policy_describe(const struct policy *p, struct description *d);
/* Add its clocks alone, and its calendars. */
void describe_clocks(const struct policy *p, struct description *d);
void describe_notify(const struct policy *p, struct description *d);
void describe_calendars(const struct policy *p, struct description *d);
/* Adds the values of an entry that have a type in settings.def. `entry` is the struct of the scope,
 * `at` its path ("" for the policy itself). */
void describe_entry(const struct policy *p, enum setting_scope scope, const void *entry,
                    const char *at, struct description *d);
/* Adds a line: `path` is printed, `value` is kept. NULL texts make the description full. */
void describe_line(struct description *d, const char *value, const char *path_fmt, ...)
    AM_PRINTF(3, 4);

/* -- values, in `arena`, never NULL ------------------------------------------------------------ */

const char *text_duration(struct arena *arena, int64_t ms);   /* "1h30m" */
const char *text_micros(struct arena *arena, int64_t micros); /* "12.5", "unlimited" */
/* "09:00-17:00", "all day", "closed". */
const char *text_window(struct arena *arena, int32_t from_s, int32_t until_s);
/* "2026-12-24", of a date as the calendar counts them. */
const char *text_date(struct arena *arena, int32_t date);
/* "status: live, contact: reached or tier: gold"; "always", "never". */
const char *text_condition(struct arena *arena, const struct policy *p,
                           const struct policy_condition *c);
const char *text_whole(struct arena *arena, int64_t value);
/* The word of an enumeration of the contract: "co_own". */
const char *text_word(struct arena *arena, const ProtobufCEnumDescriptor *d, int value);
/* The words of a set of an enumeration of the contract: "apology, explanation". */
const char *text_bits(struct arena *arena, const ProtobufCEnumDescriptor *d, uint32_t bits);
