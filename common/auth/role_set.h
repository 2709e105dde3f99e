/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sets of roles as bits and as words.
 *
 * Threading: pure. Ownership: texts are written into the caller's memory.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "contract/roles.h"

/* The longest text of role_set_text(), with its NUL. */
#define ROLE_SET_TEXT_BYTES 128

/* Adds the role of one word in either case ("agent", "AGENT"); the word need not end with NUL.
 * AM_ENOENT: no such role. */
int role_set_add(uint32_t *set, const char *word, size_t len) AM_MUSTCHECK;

/* The contract's roles of a set as words with commas between: "AGENT, SUPERVISOR"; "" for none. */
const char *role_set_text(uint32_t set, char text[ROLE_SET_TEXT_BYTES]);
