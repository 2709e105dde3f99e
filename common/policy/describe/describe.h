/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A policy in words: a line for each thing it says, the way bundles write it. What bundle_diff()
 * compares.
 *
 * Threading: pure. Ownership: lines and texts lie in the arena given; a full one ends the list.
 */

#include <protobuf-c/protobuf-c.h>

#include "policy/policy.h"

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

/* Everything that `p` says, in the order of bundles. */
void policy_describe(const struct policy *p, struct description *d);
/* Of its clocks alone, and of its calendars. */
void describe_clocks(const struct policy *p, struct description *d);
void describe_calendars(const struct policy *p, struct description *d);
/* Adds a line: `path` is printed, `value` is kept. NULL texts make the description full. */
void describe_line(struct description *d, const char *value, const char *path_fmt, ...)
    AM_PRINTF(3, 4);

/* Values, in `arena`; never NULL. */
const char *text_duration(struct arena *arena, int64_t ms);   /* "1h30m" */
const char *text_micros(struct arena *arena, int64_t micros); /* "12.5", "unlimited" */
const char *text_window(struct arena *arena, int32_t from_s, int32_t until_s);
const char *text_date(struct arena *arena, int32_t date);
/* "status: live, contact: reached or tier: gold"; "always", "never". */
const char *text_condition(struct arena *arena, const struct policy *p,
                           const struct policy_condition *c);
/* The words of a set of an enumeration of the contract: "apology, explanation". */
const char *text_bits(struct arena *arena, const ProtobufCEnumDescriptor *d, uint32_t bits);
