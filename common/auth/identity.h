/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who a credential says is calling, and what every kind of credential (API key, JSON Web Token,
 * client certificate, the services' own key) offers to the one place that establishes a caller.
 *
 * Threading: `takes` and `check` run on the rpc thread, `ask` and `alive` on the io loop's thread;
 * a checker guards what both use. Ownership: texts of an identity lie in the arena that `check` was
 * given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct auth_identity {
    const char *tenant;    /* "" = any: the services' own key, whose calls name the tenant */
    const char *principal; /* a name that credentials are mapped to; it outlives each of them */
    uint32_t roles;        /* auth/role_set.h */
    int64_t until_us;      /* cluster time at which the credential ends; INT64_MAX = never */
    /* Which credential it was, for logs and for `alive`: a key's id, a token's issuer and jti, a
     * certificate's name. Never a secret. */
    const char *credential;
};

enum auth_verdict {
    AUTH_OK,
    AUTH_REFUSED,
    AUTH_ASK,         /* not known yet: `ask`, then `check` again */
    AUTH_UNAVAILABLE, /* cannot be known now: the database, or the provider's keys, are away */
};

/* One kind of credential. */
struct auth_checker {
    const char *name; /* "api key", for logs and metrics */
    /* True when the text is of this kind, by its form alone. The text need not end with NUL. */
    bool (*takes)(const void *ctx, const char *text, size_t len);
    /* Checks a text of this kind at `now_us` of the cluster's time. AUTH_OK fills `out`.
     * `why` is set to a constant text for the log, when it is refused: callers are never told. */
    enum auth_verdict (*check)(void *ctx, const char *text, size_t len, int64_t now_us,
                               struct arena *arena, struct auth_identity *out, const char **why);
    /* Finds out what `check` had to ask for, then calls `done` once, never from within. NULL: this
     * kind never asks. The checker copies the text. AM_EAGAIN: too many ask at once; `done` is not
     * called. */
    int (*ask)(void *ctx, const char *text, size_t len, void (*done)(void *arg), void *arg);
    /* False once the credential was revoked or has ended: asked every second for open streams. */
    bool (*alive)(void *ctx, const struct auth_identity *identity, int64_t now_us);
    /* True when the credential was found good lately, even if `check` would ask again now. Cheap;
     * for the rpc thread. NULL: that is not known of this kind. */
    bool (*known)(void *ctx, const char *text, size_t len, int64_t now_us);
    /* `check` of one that is not known takes long: so peers that brought many bad ones wait. */
    bool costs;
    void *ctx;
};
