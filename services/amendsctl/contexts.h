/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The file of contexts: who somebody is where, so that they need not say it every time.
 *
 *   current: work
 *   contexts:
 *     work:
 *       server: amends.example.com:7400
 *       tenant: acme
 *       tls-ca: ca.pem            # a file beside this one
 *       api-key-file: work.key
 *     here:
 *       server: 127.0.0.1:7400
 *       as: ann
 *
 * A context holds global options under their names. The file is $AMENDS_CONFIG, else
 * amends/contexts.yaml in $XDG_CONFIG_HOME or ~/.config. It holds no secrets, only the names of
 * files that do; one with a secret in it, or one that others may write to, is refused.
 *
 * Threading: one thread. Ownership: texts lie in the arena given. Mistakes are printed.
 */

#include "amendsctl/globals.h"
#include "base/err.h"

#define CONTEXTS_MAX 64

struct context {
    const char *name;
    int line;
    const char *values[GLOBALS]; /* NULL = not given; names of files as they can be opened */
};

struct contexts {
    const char *path;
    const char *current; /* NULL = none is */
    int current_line;    /* 0 = the file does not say */
    const char *text;    /* of the whole file; NULL = there is no file */
    size_t n;
    struct context items[CONTEXTS_MAX];
};

/* Reads the file; without one there are no contexts. AM_EINVAL: all its mistakes were printed. */
int contexts_read(struct contexts *out, struct arena *arena) AM_MUSTCHECK;

/* The context of a name, or NULL. */
const struct context *contexts_find(const struct contexts *all, const char *name);

/* Prints that there is no context of this name, and which there are. */
void contexts_tell_unknown(const struct contexts *all, const char *name, struct arena *arena);

/* True when a context may hold the option. */
bool contexts_may_hold(enum global_id id);

/* Makes the context that is chosen (--context, AMENDS_CONTEXT, else the current one) the last
 * source of the options. AM_EINVAL: printed. */
int contexts_apply(struct global_values *values, struct arena *arena) AM_MUSTCHECK;

/* Writes the file anew with another current context, its other lines as they were. AM_EIO:
 * printed. */
int contexts_write_current(const struct contexts *all, const char *name,
                           struct arena *arena) AM_MUSTCHECK;
