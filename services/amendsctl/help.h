/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What --help prints, made from the tables of commands and options and from descriptors.
 *
 * Threading: one thread; writes to standard output. Ownership: nothing is kept.
 */

#include "amendsctl/line.h"

/* All commands, options and exit codes. */
void help_all(struct arena *arena);

/* The commands of one noun. */
void help_noun(const char *noun);

/* The line's command with its flags. */
void help_command(const struct line *line, struct arena *arena);
