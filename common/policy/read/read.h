/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading the tree of a bundle into a policy: what the readers of its sections share.
 *
 * Every reader adds all problems it meets and goes on; what could not be read keeps the value it
 * had. A NULL node is a key that was left out: never a problem of the reader, false.
 *
 * Threading: any thread, one bundle each. Ownership: texts lie in the bundle's arena, which is gone
 * after the compilation; the policy copies.
 */

#include <protobuf-c/protobuf-c.h>

#include "policy/policy.h"
#include "policy/read/yaml_tree.h"

#define TEXT_BYTES_MAX 500
#define NAME_BYTES_MAX 64

struct bundle {
    struct policy *policy;
    struct bundle_problems *problems;
    struct arena *arena; /* for the tree and what is read from it */
    struct ynode *root;
};

/* -- sections (one file each) ------------------------------------------------------------------ */

void read_company(struct bundle *b);  /* amends, currency, time_zone, tiers */
void read_ladder(struct bundle *b);   /* without its clocks */
void read_failures(struct bundle *b); /* sorted after */
void read_calendars(struct bundle *b);
void read_clocks(struct bundle *b);   /* and then the ladder's */
void read_settings(struct bundle *b); /* promises, close_gate, assignment, priority */

/* Conditions over the facts of `allowed` (bit n = fact n; bit FACTS = failure): a mapping of facts
 * to a value or a list, a list of such mappings, `always` or `never`. */
#define FAILURE_BIT (1u << FACTS)
#define ALL_FACTS (FAILURE_BIT | (FAILURE_BIT - 1))
bool read_condition(struct bundle *b, const struct ynode *node, uint32_t allowed,
                    struct policy_condition *out);
/* One fact of a mapping into a box: the node's key says which. False when the key is none. */
bool read_fact(struct bundle *b, const struct ynode *node, uint32_t allowed,
               struct condition_box *box);

/* Target and targets, thresholds of a clock's mapping. */
void read_targets(struct bundle *b, const struct ynode *clock, struct policy_clock *out);
void read_thresholds(struct bundle *b, const struct ynode *clock, struct policy_clock *out);
/* calendar, zone and what both of the above read: what a clock and a level's clock share. */
void read_clock_common(struct bundle *b, const struct ynode *clock, struct policy_clock *out);
/* What a kind has when the bundle does not say: conditions and thresholds. */
void default_conditions(struct bundle *b, struct policy_clock *clock);
void default_thresholds(struct bundle *b, struct policy_clock *clock);

/* -- nodes ------------------------------------------------------------------------------------- */

/* True when the node is of the kind; else a problem that says what it `needs`. */
bool is_map(struct bundle *b, const struct ynode *node, const char *needs);
bool is_list(struct bundle *b, const struct ynode *node, const char *needs);
/* Every key of the map that is none of `keys` (NULL at their end) is a problem. */
void known_keys(struct bundle *b, const struct ynode *map, const char *const *keys);
/* The value of a key that must be there. */
struct ynode *required(struct bundle *b, const struct ynode *map, const char *key,
                       const char *needs);

/* word_nearest(), as long as anybody would read it: it takes its time, and a bundle may have very
 * many mistakes. */
const char *nearest(const struct bundle *b, const char *text, const char *const *words, size_t n);

/* A scalar that is not empty. */
bool is_scalar(struct bundle *b, const struct ynode *node);
bool read_text(struct bundle *b, const struct ynode *node, size_t max_bytes, const char **out);
bool read_duration(struct bundle *b, const struct ynode *node, int64_t min_ms, int64_t *ms);
bool read_micros(struct bundle *b, const struct ynode *node, bool may_be_unlimited,
                 int64_t *micros);
bool read_whole(struct bundle *b, const struct ynode *node, int min, int max, int *value);
bool read_yes(struct bundle *b, const struct ynode *node, bool *yes); /* yes, no, true, false */
bool read_enum(struct bundle *b, const struct ynode *node, const ProtobufCEnumDescriptor *d,
               int *value);
/* The place of a word in `words` (NULL at their end). */
bool read_choice(struct bundle *b, const struct ynode *node, const char *const *words, int *place);
bool read_zone(struct bundle *b, const struct ynode *node, const struct zone **zone);
/* The name of a calendar, or `always` for -1. */
bool read_calendar_name(struct bundle *b, const struct ynode *node, int16_t *calendar);
bool read_customer_zone(struct bundle *b, const struct ynode *node, bool *customer);

/* Calls `each` for a scalar itself or for every item of a list. */
void each_item(struct bundle *b, const struct ynode *node,
               void (*each)(struct bundle *b, const struct ynode *item, void *ctx), void *ctx);
