/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * "Did you mean": of the words that would have been right, those most like the one that was given.
 *
 * Threading: pure. Ownership: words are borrowed; the text lies in the arena.
 */

#include <stddef.h>

#include "base/arena.h"

#define SUGGEST_MOST 4

struct suggest {
    const char *word;
    const char *best[SUGGEST_MOST];
    size_t distance[SUGGEST_MOST];
    size_t n;
};

void suggest_init(struct suggest *s, const char *word);

/* Offers a word. It is kept when it begins with, or contains, the word given, or when few letters
 * differ. */
void suggest_add(struct suggest *s, const char *candidate);

/* "; did you mean --failure-code or --failure-product?" with `prefix` before each word; "" when
 * nothing is alike. */
const char *suggest_text(const struct suggest *s, const char *prefix, struct arena *arena);
