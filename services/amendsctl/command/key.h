/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands that make an API key: `key create` and `key rotate`. The text of the key goes into
 * the file --out, or onto the terminal (auth/key_file.h), and nowhere else: --json leaves it out.
 *
 * Threading: one thread. Ownership: nothing is kept; the text is wiped.
 */

#include "amendsctl/call.h"

/* Makes the line's call; the exit code. */
int key_run_make(const struct ctl *c);
