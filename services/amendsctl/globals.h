/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The global options: one table for parsing, help, completion, the environment and contexts
 * (contexts.h). Each option --some-name is also AMENDS_SOME_NAME. The option wins, then the
 * environment, then the context.
 *
 * Threading: one thread. Ownership: values are argv's, the environment's or the context's.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum global_id {
    GLOBAL_CONTEXT,
    GLOBAL_SERVER,
    GLOBAL_INTAKE,
    GLOBAL_ASSIGNMENT,
    GLOBAL_RESOLUTION,
    GLOBAL_TENANT,
    GLOBAL_API_KEY_FILE,
    GLOBAL_TOKEN_FILE,
    GLOBAL_AS,
    GLOBAL_ON_BEHALF_OF,
    GLOBAL_TLS,
    GLOBAL_TLS_CA,
    GLOBAL_TLS_CERT,
    GLOBAL_TLS_KEY,
    GLOBAL_TLS_SERVER_NAME,
    GLOBAL_TIMEOUT,
    GLOBAL_JSON,
    GLOBAL_WIDE,
    GLOBAL_OUT,
    GLOBALS
};

struct global {
    const char *name;  /* "timeout-ms" */
    const char *value; /* the word that help shows; NULL: a switch */
    const char *help;
};

extern const struct global globals[GLOBALS];

/* What was given. Of a switch, "true" or "false". */
struct global_values {
    const char *flag[GLOBALS], *env[GLOBALS], *context[GLOBALS]; /* NULL = not given */
};

/* The option of this name, or -1. */
int globals_find(const char *name);

/* AMENDS_TIMEOUT_MS */
const char *globals_env_name(enum global_id id, struct arena *arena);

/* Reads the environment. An empty variable counts as not given. */
void globals_read_environment(struct global_values *v, struct arena *arena);

/* The flag, else the variable, else what the context says, else NULL. */
const char *globals_get(const struct global_values *v, enum global_id id);

/* Whether a switch is on. False when its text is neither true nor false; `*on` is then not set. */
bool globals_switch(const char *text, bool *on);
