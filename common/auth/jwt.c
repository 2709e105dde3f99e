/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/jwk_set.h"
#include "auth/jwks.h"
#include "auth/jwt_cache.h"
#include "auth/jwt_claims.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"

#define CREDENTIAL_BYTES 96

static const char *const outcomes[] = {"known",   "verified",    "asked",
                                       "refused", "unavailable", NULL};
enum { OUTCOME_KNOWN, OUTCOME_VERIFIED, OUTCOME_ASKED, OUTCOME_REFUSED, OUTCOME_UNAVAILABLE };
static METRIC_DEFINE_LABEL(checks, METRIC_COUNTER, "amends_auth_token_checks_total",
                           "JSON Web Tokens that came with calls, by what became of them.",
                           "outcome", outcomes);

struct jwt {
    struct jwt_rules rules;
    struct jwks *jwks;
    pthread_mutex_t lock;
    struct jwt_cache *cache; /* under the lock */
};

/* -- one token --------------------------------------------------------------------------------- */

static bool takes(const void *ctx, const char *text, size_t len)
{
    (void)ctx;
    return jwt_token_looks_like(text, len);
}

static int give(const struct jwt_cached *what, struct arena *arena, struct auth_identity *out)
{
    *out = (struct auth_identity){
        .tenant = arena_strdup(arena, what->tenant),
        .principal = arena_strdup(arena, what->principal),
        .roles = what->roles,
        .until_us = what->expires_us,
        .credential = arena_strdup(arena, what->credential),
    };
    return out->tenant && out->principal && out->credential ? AM_OK : AM_ENOMEM;
}

/* The key by which the token has to be signed, and whether it is. */
static enum auth_verdict check_signature(struct jwt *j, const struct jwk_set *set,
                                         const struct jwt_token *token, const char *text,
                                         size_t len, const struct jwk **key, const char **why)
{
    const int err = jwk_set_find(set, token, key, why);
    if (err == AM_ENOENT && jwks_may_ask(j->jwks))
        return AUTH_ASK;
    if (err)
        return AUTH_REFUSED;
    if (jwk_verify(*key, token, text, len))
        return AUTH_OK;
    *why = "the token's signature is not of the key that it names";
    return AUTH_REFUSED;
}

static void tell_no_roles(const char *credential)
{
    log_warn("auth", "token_without_roles", LOG_STR("credential", credential),
             LOG_STR("why", "no role of ours is in the claim of --jwt-roles-claim, or comes out of "
                            "--jwt-roles-map: every call of its bearer is refused"));
}

/* Reads the claims of a token that is signed well, and keeps it. */
static enum auth_verdict accept(struct jwt *j, const struct jwt_claims *claims,
                                const struct jwk *key, const uint8_t hash[DIGEST_LEN],
                                uint64_t generation, struct jwt_cached *what,
                                char credential[CREDENTIAL_BYTES])
{
    (void)snprintf(credential, CREDENTIAL_BYTES, "%s/%s", jwk_id(key), claims->jti);
    *what = (struct jwt_cached){.tenant = claims->tenant,
                                .principal = claims->principal,
                                .credential = credential,
                                .roles = claims->roles,
                                .expires_us = claims->expires_us};
    if (!what->roles)
        tell_no_roles(credential);
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    jwt_cache_put(j->cache, hash, generation, what);
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    return AUTH_OK;
}

struct question {
    const char *text;
    size_t len;
    int64_t now_us;
    struct arena *arena;
    uint8_t hash[DIGEST_LEN];
};

static enum auth_verdict verify_by(struct jwt *j, const struct question *q,
                                   const struct jwk_set *set, uint64_t generation,
                                   const struct jwt_token *token, struct auth_identity *out,
                                   const char **why)
{
    const struct jwk *key = NULL;
    struct jwt_claims claims;
    struct jwt_cached what;
    char credential[CREDENTIAL_BYTES];
    enum auth_verdict verdict = check_signature(j, set, token, q->text, q->len, &key, why);
    if (verdict != AUTH_OK)
        return verdict;
    if (jwt_claims_read(&j->rules, token->payload, q->now_us, &claims, why))
        return AUTH_REFUSED;
    verdict = accept(j, &claims, key, q->hash, generation, &what, credential);
    if (verdict == AUTH_OK && give(&what, q->arena, out) == AM_OK)
        return AUTH_OK;
    *why = "the memory of the call is used up";
    return AUTH_REFUSED;
}

static enum auth_verdict verify(struct jwt *j, const struct question *q, struct auth_identity *out,
                                const char **why)
{
    struct jwt_token token;
    uint64_t generation = 0;
    if (jwt_token_read(q->text, q->len, &token, why))
        return AUTH_REFUSED;
    struct jwk_set *set = jwks_hold(j->jwks, &generation);
    enum auth_verdict verdict = AUTH_UNAVAILABLE;
    if (set)
        verdict = verify_by(j, q, set, generation, &token, out, why);
    else
        *why = "the identity provider's key set could not be got yet";
    jwk_set_drop(set);
    jwt_token_free(&token);
    return verdict;
}

/* -- the checker ------------------------------------------------------------------------------- */

static bool find_known(struct jwt *j, const struct question *q, struct auth_identity *out)
{
    const uint64_t generation = jwks_generation(j->jwks);
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    const struct jwt_cached *known = jwt_cache_find(j->cache, q->hash, generation, q->now_us);
    const bool found = known && give(known, q->arena, out) == AM_OK;
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    return found;
}

static void count(enum auth_verdict verdict)
{
    static const int of[] = {[AUTH_OK] = OUTCOME_VERIFIED,
                             [AUTH_REFUSED] = OUTCOME_REFUSED,
                             [AUTH_ASK] = OUTCOME_ASKED,
                             [AUTH_UNAVAILABLE] = OUTCOME_UNAVAILABLE};
    metric_add(&checks, (size_t)of[verdict], 1);
}

static enum auth_verdict check(void *ctx, const char *text, size_t len, int64_t now_us,
                               struct arena *arena, struct auth_identity *out, const char **why)
{
    struct question q = {.text = text, .len = len, .now_us = now_us, .arena = arena};
    if (len <= JWT_BYTES_MAX) {
        digest_sha256(text, len, q.hash);
        if (find_known(ctx, &q, out)) {
            metric_add(&checks, OUTCOME_KNOWN, 1);
            return AUTH_OK;
        }
    }
    const enum auth_verdict verdict = verify(ctx, &q, out, why);
    count(verdict);
    return verdict;
}

static bool known(void *ctx, const char *text, size_t len, int64_t now_us)
{
    struct jwt *j = ctx;
    uint8_t hash[DIGEST_LEN];
    if (len > JWT_BYTES_MAX)
        return false;
    digest_sha256(text, len, hash);
    const uint64_t generation = jwks_generation(j->jwks);
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    const bool here = jwt_cache_find(j->cache, hash, generation, now_us) != NULL;
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    return here;
}

/* Whatever the token names, it is the set that is got: nothing of the text is needed. */
static int ask(void *ctx, const char *text, size_t len, void (*done)(void *arg), void *arg)
{
    struct jwt *j = ctx;
    (void)text;
    (void)len;
    return jwks_ask(j->jwks, done, arg);
}

static bool alive(void *ctx, const struct auth_identity *identity, int64_t now_us)
{
    struct jwt *j = ctx;
    uint64_t generation = 0;
    if (now_us >= identity->until_us)
        return false;
    struct jwk_set *set = jwks_hold(j->jwks, &generation);
    const bool has =
        set && jwk_set_has(set, identity->credential, strcspn(identity->credential, "/"));
    jwk_set_drop(set);
    return has;
}

struct auth_checker jwt_checker(struct jwt *j)
{
    return (struct auth_checker){.name = "JSON Web Token",
                                 .takes = takes,
                                 .check = check,
                                 .ask = ask,
                                 .alive = alive,
                                 .known = known,
                                 .costs = true,
                                 .ctx = j};
}

/* -- life -------------------------------------------------------------------------------------- */

static void log_wrong(void *ctx, const char *option, const char *what)
{
    (void)ctx;
    log_error("auth", "settings", LOG_STR("option", option), LOG_STR("why", what));
}

static int start(struct jwt *j, const struct jwt_settings *s, struct loop *loop)
{
    char why[JWK_WHY_BYTES] = "";
    if (jwt_settings_read(s, &j->rules, log_wrong, NULL))
        return AM_EINVAL;
    const struct jwks_spec spec = {.place = s->jwks,
                                   .ca = s->jwks_ca,
                                   .remote = jwt_settings_remote(s),
                                   .loop = loop,
                                   .refresh_us = s->refresh_ms * US_PER_MS};
    const int err = jwks_start(&spec, &j->jwks, why);
    if (err)
        log_wrong(NULL, "jwt-jwks", why);
    return err;
}

int jwt_new(const struct jwt_settings *settings, struct loop *loop, struct jwt **out)
{
    struct jwt *j = calloc(1, sizeof *j);
    AM_ASSERT(j != NULL);
    metric_register(&checks);
    const int err = start(j, settings, loop);
    if (err) {
        free(j);
        return err;
    }
    AM_ASSERT(pthread_mutex_init(&j->lock, NULL) == 0);
    j->cache = jwt_cache_new();
    *out = j;
    return AM_OK;
}

void jwt_free(struct jwt *j)
{
    if (!j)
        return;
    jwks_free(j->jwks);
    jwt_cache_free(j->cache);
    AM_ASSERT(pthread_mutex_destroy(&j->lock) == 0);
    free(j);
}
