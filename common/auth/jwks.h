/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The provider's key set as it is now. A thread of its own gets it: from a file whenever that
 * changes (looked at once a second), from an address every five minutes, and at once when a token
 * names a key that is not in it, though at most once a minute. When it cannot be got, the set
 * before stays in use; without one, it is tried again every five seconds.
 *
 * Threading: jwks_hold() and jwks_may_ask() on any thread, the rest on the loop's. Ownership: sets
 * are held by references (auth/jwk_set.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "auth/jwk_set.h"

#define JWKS_ASKERS_MAX 256

struct jwks;
struct loop;

struct jwks_spec {
    const char *place, *ca; /* borrowed; see auth/jwks_get.h */
    bool remote;
    struct loop *loop;    /* its thread is told the ends of asking; outlives this */
    int64_t refresh_us;   /* 0 = five minutes */
    int64_t ask_every_us; /* 0 = one minute */
    int64_t try_again_us; /* 0 = five seconds */
};

/* Gets the set for the first time and starts the thread. A file that cannot be read, or holds no
 * key set, is a mistake of configuration: AM_EINVAL with the reason in `why`. An address may answer
 * later (logged). */
int jwks_start(const struct jwks_spec *spec, struct jwks **out,
               char why[JWK_WHY_BYTES]) AM_MUSTCHECK;

/* Ends the thread; whoever still asks is not called any more. After the loop has ended. NULL is
 * allowed. */
void jwks_free(struct jwks *j);

/* The set and its generation, from 1, which changes with it; NULL when none was ever got. The
 * caller drops its reference. */
struct jwk_set *jwks_hold(struct jwks *j, uint64_t *generation);

/* The generation alone; 0 without a set. */
uint64_t jwks_generation(struct jwks *j);

/* True when the set is being got, or may be got now for a key that is not in it. */
bool jwks_may_ask(struct jwks *j);

/* Gets the set anew, and calls `done` on the loop's thread when it was got or could not be.
 * AM_EAGAIN: JWKS_ASKERS_MAX ask already. */
int jwks_ask(struct jwks *j, void (*done)(void *arg), void *arg) AM_MUSTCHECK;
