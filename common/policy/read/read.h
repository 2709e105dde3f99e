/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading the tree of a bundle into a policy: the readers of its sections, and what they share.
 *
 * A reader adds every problem that it meets, and goes on; what could not be read keeps the value it
 * had. Readers that return bool return true when they have read a value. A NULL node is a key that
 * was left out: that is no problem, and nothing is read.
 *
 * Threading: any thread, one bundle each. Ownership: texts lie in the bundle's arena, which ends
 * with the compilation; the policy keeps copies.
 */

#include <protobuf-c/protobuf-c.h>

#include "policy/build.h"
#include "policy/problem.h"
#include "policy/read/yaml_tree.h"
#include "policy/settings.h"

struct bundle {
    struct policy *policy;
    struct bundle_problems *problems;
    struct arena *arena; /* for the tree and what is read from it */
    struct ynode *root;
    bool stored; /* it was a bundle when it was stored: what is missing now is missing here */
};

/* -- sections (one file each) ------------------------------------------------------------------ */

/* Gives the bundle's tree what it leaves out: single settings by their row in settings.def, whole
 * sections from `ships`, the text of the bundle that ships. False when there is no memory for it,
 * which is told. */
bool read_inherited(struct bundle *b, const char *ships);
/* The same for its texts: each that it leaves out, language by language. */
bool read_inherited_texts(struct bundle *b, const char *ships);

void read_company(struct bundle *b);  /* amends, currency, time_zone, tiers; unknown sections */
void read_ladder(struct bundle *b);   /* without its clocks */
void read_failures(struct bundle *b); /* sorted after */
void read_calendars(struct bundle *b);
void read_clocks(struct bundle *b); /* and then the ladder's */
void read_templates(struct bundle *b);
void read_notify(struct bundle *b); /* behind the calendars */

/* -- rows of settings.def ---------------------------------------------------------------------- */

/* Reads the keys of a scope that `map` has into `entry`, the scope's struct: what has a type by its
 * type, and its fallback when it is left out. A required key that is missing is told, too, when it
 * has a form of its own; whoever calls reads it. */
void read_settings(struct bundle *b, enum setting_scope scope, const struct ynode *map,
                   void *entry);
/* Adds a problem for every key of the map that the scopes do not have. `scopes`: bit n = scope n;
 * `group` as for setting_keys(). */
void read_known_settings(struct bundle *b, const struct ynode *map, uint32_t scopes,
                         const char *group);
/* Both, for an entry whose keys are all of one scope. */
void read_entry(struct bundle *b, enum setting_scope scope, const struct ynode *map, void *entry);

/* -- parts of clocks --------------------------------------------------------------------------- */

/* A condition over the facts of `allowed` (bit n = fact n; bit FACTS = failure): a mapping of facts
 * to a value or a list, a list of such mappings, `always` or `never`. */
#define FAILURE_BIT (1u << FACTS)
#define ALL_FACTS (FAILURE_BIT | (FAILURE_BIT - 1))
bool read_condition(struct bundle *b, const struct ynode *node, uint32_t allowed,
                    struct policy_condition *out);
/* One fact of a mapping into a box; the node's key says which fact. */
bool read_fact(struct bundle *b, const struct ynode *node, uint32_t allowed,
               struct condition_box *box);

/* The targets of a clock's mapping (under `target` or `targets`), and its thresholds. */
void read_targets(struct bundle *b, const struct ynode *clock, struct policy_clock *out);
void read_thresholds(struct bundle *b, const struct ynode *clock, struct policy_clock *out);
/* The conditions and thresholds that clocks of its kind have when the bundle does not say. */
void read_kind_conditions(struct bundle *b, struct policy_clock *clock);
void read_kind_thresholds(struct bundle *b, struct policy_clock *clock);

/* -- nodes ------------------------------------------------------------------------------------- */

/* True when the node is of the kind; else a problem that says what it `needs`. */
bool read_is_map(struct bundle *b, const struct ynode *node, const char *needs);
bool read_is_list(struct bundle *b, const struct ynode *node, const char *needs);
/* Adds a problem for every key of the map that is none of `keys` (NULL at their end). */
void read_known_keys(struct bundle *b, const struct ynode *map, const char *const *keys);
/* The value of a key that must be there; NULL, and a problem that says what it `needs`, when it is
 * not. */
struct ynode *read_required(struct bundle *b, const struct ynode *map, const char *key,
                            const char *needs);

/* word_nearest(), but NULL once no more problems are kept: it takes its time, and a bundle may have
 * very many mistakes. */
const char *read_nearest(const struct bundle *b, const char *text, const char *const *words,
                         size_t n);

/* True for a scalar that is not empty; else a problem, but for NULL. */
bool read_is_scalar(struct bundle *b, const struct ynode *node);
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

/* Calls `each` for a scalar itself or for every item of a list. */
void read_each(struct bundle *b, const struct ynode *node,
               void (*each)(struct bundle *b, const struct ynode *item, void *ctx), void *ctx);
