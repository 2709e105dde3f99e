/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Completion in shells. The shell's script is a few lines that ask `amendsctl complete-words` what
 * may stand at the cursor, so that the tables of commands and flags are the only source.
 *
 * Threading: one thread; writes to standard output. Ownership: nothing is kept.
 */

#include "base/arena.h"

struct ctl;

/* The hidden word with which the scripts ask. */
#define COMPLETE_WORD "complete-words"

/* Prints what may stand in place of the last word, one candidate a line, with a tab and a
 * description behind it. `words`: those behind the program's name, the last of them unfinished. */
void complete_words(int n, char **words, struct arena *arena);

/* `completion bash|zsh|fish`: prints the script. */
int complete_run_script(const struct ctl *c);
