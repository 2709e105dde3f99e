/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The canonical texts of an agent's row: what the columns agent.skills, .languages and .authorities
 * hold. Sorted and without doubles, so that equal agents have equal texts and make one profile.
 *
 *   skills       "billing:3 delivery:2"           code:level
 *   languages    "de en-GB"                       BCP 47 tags
 *   authorities  "6:USD:200000000"                RemedyKind:currency:limit per case in micro-units
 *
 * Reading goes item by item over the text, without memory of its own:
 *
 *   const char *at = agent->skills;
 *   struct agent_skill skill;
 *   while (agent_text_skill(&at, &skill)) ...
 *
 * An item that is not well formed ends the reading: the texts are written by this module only.
 *
 * Threading: pure. Ownership: items borrow from the text; formatted texts lie in the arena given.
 */

#include <stdbool.h>

#include "amends/v1/agent.pb-c.h"
#include "base/arena.h"
#include "base/slice.h"

struct agent_skill {
    struct slice code;
    int level;
};

struct agent_authority {
    int kind; /* RemedyKind */
    struct slice currency;
    int64_t limit_micros;
};

/* The next item; false at the end. `*at` starts at the beginning of the text. */
bool agent_text_skill(const char **at, struct agent_skill *out);
bool agent_text_language(const char **at, struct slice *out);
bool agent_text_authority(const char **at, struct agent_authority *out);

/* The canonical texts of what a PutAgent brings. The items have been validated: codes without
 * blanks and colons, whole money. Of doubles the first counts. NULL = arena full. */
const char *agent_text_skills(Amends__V1__Skill *const *skills, size_t n, struct arena *arena);
const char *agent_text_languages(char *const *languages, size_t n, struct arena *arena);
const char *agent_text_authorities(Amends__V1__Authority *const *authorities, size_t n,
                                   struct arena *arena);

/* True when a speaker of `spoken` can serve a customer who asks for `wanted`: equal, or one is the
 * other with further subtags ("de" and "de-AT"). Letters of any case. */
bool language_serves(struct slice spoken, struct slice wanted);
