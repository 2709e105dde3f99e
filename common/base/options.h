/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Command line and environment: every option `--some-name` is also AMENDS_SOME_NAME; the flag wins.
 * Parsing is glibc's argp; all mistakes are reported with the option's name.
 *
 * Threading: used once, in main, before threads start. Ownership: values borrow the command line
 * and the environment.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum option_type { OPTION_STRING, OPTION_INT, OPTION_BOOL };

struct option_spec {
    const char *name; /* "pg-segment-connections" */
    enum option_type type;
    void *target;      /* const char **, int64_t * or bool *; holds the default before the call */
    int64_t min, max;  /* OPTION_INT only */
    const char *value; /* the word shown in help: "ADDR:PORT" */
    const char *help;
};

/* Parses the environment, then argv. `positional` gets at most `n_positional` other words. On a
 * mistake it writes what is wrong to standard error and returns AM_EINVAL; --help prints the table
 * and exits 0, --version the version. */
int options_parse(const struct option_spec *specs, size_t n, int argc, char **argv, const char *doc,
                  const char **positional, size_t n_positional, size_t *found) AM_MUSTCHECK;

/* The program's version, as --version prints it: "0.1.0". */
const char *options_version(void);
