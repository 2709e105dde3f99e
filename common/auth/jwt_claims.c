/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwt_claims.h"

#include <string.h>

#include "auth/role_set.h"
#include "auth/reserved.h"
#include "base/time.h"
#include "contract/check.h"
#include "contract/words.h"

/* The year 9999, in seconds: a later time is no time. */
#define SECONDS_MAX 253402300799.0
#define JTI_BYTES_MAX 64
#define NAMES_MAX 256

static int refuse(const char **why, const char *reason)
{
    *why = reason;
    return AM_EINVAL;
}

/* -- for us? ----------------------------------------------------------------------------------- */

/* The claim's text, or NULL. jansson refuses texts with a zero byte. */
static bool is_text(const json_t *value, const char *text)
{
    const char *found = json_string_value(value);
    return found && strcmp(found, text) == 0;
}

static bool names_audience(const json_t *value, const char *audience)
{
    for (size_t i = 0; i < json_array_size(value); i++)
        if (is_text(json_array_get(value, i), audience))
            return true;
    return is_text(value, audience);
}

static int check_purpose(const struct jwt_rules *rules, const json_t *payload, const char **why)
{
    if (!is_text(json_object_get(payload, "iss"), rules->issuer))
        return refuse(why, "the token's `iss` is not --jwt-issuer");
    if (!names_audience(json_object_get(payload, "aud"), rules->audience))
        return refuse(why, "the token's `aud` does not name --jwt-audience");
    return AM_OK;
}

/* -- now? -------------------------------------------------------------------------------------- */

/* A time of the payload in microseconds; `absent` when there is none. */
static int read_time(const json_t *payload, const char *name, int64_t absent, int64_t *out)
{
    const json_t *value = json_object_get(payload, name);
    *out = absent;
    if (!value)
        return AM_OK;
    if (!json_is_number(value))
        return AM_EINVAL;
    const double seconds = json_number_value(value);
    if (!(seconds >= 0 && seconds <= SECONDS_MAX))
        return AM_EINVAL;
    *out = (int64_t)(seconds * US_PER_S);
    return AM_OK;
}

static int check_times(const json_t *payload, int64_t now_us, struct jwt_claims *out,
                       const char **why)
{
    int64_t begins_us, issued_us;
    if (!json_object_get(payload, "exp"))
        return refuse(why, "the token has no `exp`: one that never ends is not taken");
    if (read_time(payload, "exp", 0, &out->expires_us) ||
        read_time(payload, "nbf", 0, &begins_us) || read_time(payload, "iat", 0, &issued_us))
        return refuse(why, "the token's `exp`, `nbf` or `iat` is no time");
    if (now_us >= out->expires_us + JWT_LEEWAY_US)
        return refuse(why, "the token has expired");
    if (begins_us > now_us + JWT_LEEWAY_US)
        return refuse(why, "the token is not valid yet (`nbf`)");
    if (issued_us > now_us + JWT_LEEWAY_US)
        return refuse(why, "the token was issued in the future (`iat`): compare the clocks");
    return AM_OK;
}

/* -- who? -------------------------------------------------------------------------------------- */

static int read_tenant(const struct jwt_rules *rules, const json_t *payload, const char **out,
                       const char **why)
{
    *out = rules->tenant;
    if (**out)
        return AM_OK;
    *out = json_string_value(claim_find(payload, &rules->tenant_claim));
    if (!*out)
        return refuse(why, "the token has no text in the claim of --jwt-tenant-claim");
    if (!check_name(*out, strlen(*out), CHECK_TENANT_BYTES_MAX))
        return refuse(why, "the tenant that the token names is no tenant: A-Z a-z 0-9 . _ @ : - "
                           "and at most 64 of them");
    return AM_OK;
}

/* An address that its owner has not confirmed can be anybody's. */
static bool unconfirmed_address(const struct jwt_rules *rules, const json_t *payload)
{
    const json_t *verified = json_object_get(payload, "email_verified");
    return rules->principal_claim.n == 1 && strcmp(rules->principal_claim.names[0], "email") == 0 &&
           verified && !json_is_true(verified);
}

static int read_principal(const struct jwt_rules *rules, const json_t *payload, const char **out,
                          const char **why)
{
    *out = json_string_value(claim_find(payload, &rules->principal_claim));
    if (!*out)
        return refuse(why, "the token has no text in the claim of --jwt-principal-claim (sub)");
    if (!check_name(*out, strlen(*out), CHECK_PRINCIPAL_BYTES_MAX))
        return refuse(why, "the claim of --jwt-principal-claim (sub) holds no principal, which has "
                           "1 to 128 of A-Z a-z 0-9 . _ @ : - (auth0|abc has a |): name another "
                           "claim, such as email or preferred_username");
    if (principal_is_reserved(*out))
        return refuse(why,
                      "the token names the principal that the services have for themselves, or "
                      "one of a customer (customer:...)");
    if (unconfirmed_address(rules, payload))
        return refuse(why, "the token says that its `email` is not verified");
    return AM_OK;
}

/* Without a map the names are the contract's as it writes them, so that a provider's own "admin"
 * is not ours. */
static uint32_t role_of(const struct jwt_rules *rules, const char *name, size_t len)
{
    char text[CLAIM_BYTES_MAX + 1];
    uint32_t set = 0;
    if (len == 0 || len > CLAIM_BYTES_MAX)
        return 0;
    memcpy(text, name, len);
    text[len] = '\0';
    if (rules->mapped)
        return role_map_find(&rules->roles, text);
    if (text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0' || role_set_add(&set, text, len))
        return 0;
    return set;
}

/* One text with spaces between the names, as `scope` has, or a list of texts. */
static uint32_t read_roles(const struct jwt_rules *rules, const json_t *payload)
{
    const json_t *value = claim_find(payload, &rules->roles_claim);
    uint32_t roles = 0;
    for (const char *at = json_string_value(value); at && *at;) {
        const size_t len = strcspn(at, " ");
        roles |= role_of(rules, at, len);
        at += len + strspn(at + len, " ");
    }
    const size_t n = json_array_size(value) < NAMES_MAX ? json_array_size(value) : NAMES_MAX;
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(value, i);
        if (json_is_string(one))
            roles |= role_of(rules, json_string_value(one), json_string_length(one));
    }
    return roles & ~ROLE_BIT(ROLE_INTERNAL);
}

static const char *read_jti(const json_t *payload)
{
    const char *jti = json_string_value(json_object_get(payload, "jti"));
    return jti && check_name(jti, strlen(jti), JTI_BYTES_MAX) ? jti : "";
}

int jwt_claims_read(const struct jwt_rules *rules, const json_t *payload, int64_t now_us,
                    struct jwt_claims *out, const char **why)
{
    int err = check_purpose(rules, payload, why);
    if (!err)
        err = check_times(payload, now_us, out, why);
    if (!err)
        err = read_tenant(rules, payload, &out->tenant, why);
    if (!err)
        err = read_principal(rules, payload, &out->principal, why);
    out->roles = read_roles(rules, payload);
    out->jti = read_jti(payload);
    return err;
}
