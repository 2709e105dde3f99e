/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The flags of a command, derived from its request's descriptor: `customer_id` is --customer-id,
 * and the fields of a message inside carry its name in front (--failure-code). So the command line
 * has every field the contract has, by the same names.
 *
 *   text, numbers  --capacity 5
 *   enumerations   --trigger complaint (the value's name without its prefix, in any case; a hyphen
 *                  stands for _)
 *   yes or no      --preventable
 *   times          --contact-time 2026-11-22T10:00:00+01:00
 *   money          --amount "49.90 USD"
 *   lists          --languages en,de --skills billing:3,delivery:1 --authorities "refund:200 USD";
 *                  given again, the items are added; any other flag may be given once
 *
 * Threading: one thread. Ownership: flags and values lie in the arena given.
 */

#include <stdbool.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"

#define FLAGS_MAX 48
#define FLAG_DEPTH 2

struct flag {
    char name[64];
    const ProtobufCFieldDescriptor *path[FLAG_DEPTH]; /* from the request down */
    int depth;
    bool given;
};

struct flags {
    size_t n;
    struct flag items[FLAGS_MAX];
};

/* All flags of a request. The flags of the message field `inner` have no prefix (agent put: --team,
 * not --agent-team). `hidden` lists fields that have no flag, with commas between; "" = none. They
 * are fields of the inner message when there is one, else of any message. */
void flags_of(struct flags *f, const ProtobufCMessageDescriptor *request, const char *inner,
              const char *hidden);

/* Gives the flag of a field another name: "statuses=status". */
void flags_rename(struct flags *f, const char *renamed);

/* The flag of a field, by its proto name ("case_id"), or NULL. */
struct flag *flags_find(struct flags *f, const char *field);

/* The flag of its own name ("customer-id"), or NULL. */
struct flag *flags_named(struct flags *f, const char *name);

/* The flag that sets the field of which a server speaks ("agent.skills[0].level"), or NULL. `*rest`
 * is what follows the flag's own field ("[0].level"). */
const struct flag *flags_of_path(const struct flags *f, const char *path, const char **rest);

/* True when the flag takes no value. */
bool flag_is_switch(const struct flag *flag);

/* "TEXT", "NUMBER", "complaint|survey|..." for help. */
const char *flag_value_help(const struct flag *flag, struct arena *arena);

/* The enumeration whose words the flag takes, or NULL. */
const ProtobufCEnumDescriptor *flag_words(const struct flag *flag);

/* Sets the field in `request` (its sub-messages are made as needed). AM_EINVAL with the reason in
 * `why`. */
int flag_set(struct flag *flag, ProtobufCMessage *request, const char *text, struct arena *arena,
             const char **why) AM_MUSTCHECK;
