/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How this program speaks to a server: in plaintext or by TLS, and with which files. Mistakes are
 * printed.
 *
 * Threading: one thread. Ownership: texts are argv's or the environment's.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "rpc/client.h"

struct secure {
    bool on;
    const char *ca;          /* NULL = the CAs of the system */
    const char *cert, *key;  /* NULL = none */
    const char *server_name; /* NULL = the server's address */
};

/* A channel to the target. NULL when the files of TLS cannot be used, which was printed. */
struct rpc_sync *secure_connect(const struct secure *s, const char *target);

/* Looks why the target cannot be reached: a sentence when it has to do with TLS, else NULL. */
const char *secure_why(const struct secure *s, const char *target, struct arena *arena);
