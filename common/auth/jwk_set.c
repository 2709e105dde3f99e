/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwk_set.h"

#include <cjose/cjose.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"

#define RSA_BITS_LEAST 2048
#define RSA_BITS_MOST 8192
#define RSA_EXPONENT_BYTES_MOST 8
#define P256_BYTES 32

struct jwk {
    enum jwt_alg alg;
    char kid[JWT_KID_BYTES_MAX + 1];
    char id[JWK_ID_BYTES];
    size_t signature_bytes;
    cjose_jwk_t *key;
};

/* -- one key ----------------------------------------------------------------------------------- */

static const char *text_of(const json_t *jwk, const char *name)
{
    const char *text = json_string_value(json_object_get(jwk, name));
    return text ? text : "";
}

/* A number as JWK writes it: big-endian bytes without leading zeros. */
static int read_number(const json_t *jwk, const char *name, unsigned char **out, size_t *len)
{
    const char *text = text_of(jwk, name);
    return jwt_base64url(text, strlen(text), out, len);
}

static size_t bits(const unsigned char *number, size_t len)
{
    size_t n = len * 8;
    for (unsigned char top = number[0]; n > 0 && !(top & 0x80); top = (unsigned char)(top << 1))
        n--;
    return n;
}

static const char *check_exponent(const json_t *jwk)
{
    unsigned char *e = NULL;
    size_t len = 0;
    if (read_number(jwk, "e", &e, &len))
        return "its exponent is not canonical base64url";
    const bool good =
        len <= RSA_EXPONENT_BYTES_MOST && e[0] != 0 && e[len - 1] % 2 == 1 && (len > 1 || e[0] > 1);
    free(e);
    return good ? NULL : "its exponent is even, 1, or longer than 8 bytes";
}

static const char *check_rsa(const json_t *jwk, struct jwk *out)
{
    unsigned char *n = NULL;
    size_t len = 0;
    if (read_number(jwk, "n", &n, &len))
        return "its modulus is not canonical base64url";
    const size_t n_bits = n[0] ? bits(n, len) : 0;
    free(n);
    if (n_bits < RSA_BITS_LEAST || n_bits > RSA_BITS_MOST)
        return "it is an RSA key of less than 2,048 or more than 8,192 bits";
    out->signature_bytes = len;
    return check_exponent(jwk);
}

static const char *check_coordinate(const json_t *jwk, const char *name)
{
    unsigned char *bytes = NULL;
    size_t len = 0;
    if (read_number(jwk, name, &bytes, &len))
        return "a coordinate is not canonical base64url";
    free(bytes);
    return len == P256_BYTES ? NULL : "a coordinate has not 32 bytes";
}

static const char *check_ec(const json_t *jwk, struct jwk *out)
{
    if (strcmp(text_of(jwk, "crv"), "P-256") != 0)
        return "its curve is not P-256";
    const char *why = check_coordinate(jwk, "x");
    out->signature_bytes = 2 * (size_t)P256_BYTES;
    return why ? why : check_coordinate(jwk, "y");
}

static bool may_verify(const json_t *jwk)
{
    const json_t *use = json_object_get(jwk, "use");
    const json_t *ops = json_object_get(jwk, "key_ops");
    if (use && strcmp(text_of(jwk, "use"), "sig") != 0)
        return false;
    for (size_t i = 0; i < json_array_size(ops); i++) {
        const char *op = json_string_value(json_array_get(ops, i));
        if (op && strcmp(op, "verify") == 0)
            return true;
    }
    return ops == NULL;
}

/* The algorithm that the key names, if it is one of its kind's; else the usual one of its kind. */
static const char *set_alg(const json_t *jwk, struct jwk *out, bool rsa)
{
    const enum jwt_alg usual = rsa ? JWT_RS256 : JWT_ES256;
    out->alg = json_object_get(jwk, "alg") ? jwt_alg_of(text_of(jwk, "alg")) : usual;
    const bool fits = out->alg == usual || (rsa && out->alg == JWT_PS256);
    return fits ? NULL : "its `alg` is not RS256, PS256 (RSA) or ES256 (EC)";
}

static const char *set_kid(const json_t *jwk, struct jwk *out)
{
    const json_t *found = json_object_get(jwk, "kid");
    const char *kid = text_of(jwk, "kid");
    if (found && (!*kid || strlen(kid) > JWT_KID_BYTES_MAX))
        return "its `kid` is no text of 1 to 255 bytes";
    memcpy(out->kid, kid, strlen(kid) + 1);
    return NULL;
}

/* Only what makes the key is handed on: the library never sees the rest of what a set holds. */
static const char *import(const json_t *jwk, struct jwk *out, bool rsa)
{
    json_t *only = rsa ? json_pack("{s:s,s:s,s:s}", "kty", "RSA", "e", text_of(jwk, "e"), "n",
                                   text_of(jwk, "n"))
                       : json_pack("{s:s,s:s,s:s,s:s}", "kty", "EC", "crv", "P-256", "x",
                                   text_of(jwk, "x"), "y", text_of(jwk, "y"));
    uint8_t hash[DIGEST_LEN];
    AM_ASSERT(only != NULL);
    char *text = json_dumps(only, JSON_COMPACT | JSON_SORT_KEYS);
    AM_ASSERT(text != NULL);
    digest_sha256(text, strlen(text), hash);
    free(text);
    for (size_t i = 0; i < (JWK_ID_BYTES - 1) / 2; i++)
        (void)snprintf(out->id + 2 * i, 3, "%02x", hash[i]);
    cjose_err err;
    out->key = cjose_jwk_import_json(only, &err);
    json_decref(only);
    return out->key ? NULL : "it is no key: a point that is not on the curve, for example";
}

static const char *read_key(const json_t *jwk, struct jwk *out)
{
    const bool rsa = strcmp(text_of(jwk, "kty"), "RSA") == 0;
    if (!rsa && strcmp(text_of(jwk, "kty"), "EC") != 0)
        return "its `kty` is not RSA or EC";
    if (json_object_get(jwk, "d"))
        return "it is a private key, which a set of public keys must not have: replace it";
    if (!may_verify(jwk))
        return "its `use` or `key_ops` says that it does not check signatures";
    const char *why = set_alg(jwk, out, rsa);
    if (!why)
        why = set_kid(jwk, out);
    if (!why)
        why = rsa ? check_rsa(jwk, out) : check_ec(jwk, out);
    return why ? why : import(jwk, out, rsa);
}

static void free_key(struct jwk *key)
{
    if (key->key)
        cjose_jwk_release(key->key);
    free(key);
}

/* -- a set ------------------------------------------------------------------------------------- */

static bool has_name(const struct jwk_set *set, const struct jwk *key)
{
    for (size_t i = 0; i < set->n; i++)
        if (strcmp(set->keys[i]->kid, key->kid) == 0 && set->keys[i]->alg == key->alg)
            return true;
    return false;
}

static void add_key(struct jwk_set *set, const json_t *jwk, size_t number)
{
    struct jwk *key = calloc(1, sizeof *key);
    AM_ASSERT(key != NULL);
    const char *why = read_key(jwk, key);
    if (!why && has_name(set, key))
        why = "another key has its `kid` and algorithm";
    if (!why) {
        set->keys[set->n++] = key;
        return;
    }
    (void)snprintf(set->why_left_out, sizeof set->why_left_out, "key %zu: %s", number, why);
    set->left_out++;
    free_key(key);
}

static struct jwk_set *read_keys(const json_t *keys, char why[JWK_WHY_BYTES])
{
    struct jwk_set *set = calloc(1, sizeof *set);
    AM_ASSERT(set != NULL);
    set->references = 1;
    for (size_t i = 0; i < json_array_size(keys); i++)
        add_key(set, json_array_get(keys, i), i + 1);
    if (set->n > 0)
        return set;
    (void)snprintf(why, JWK_WHY_BYTES, "no key of the set can check a token%s%.180s",
                   set->left_out ? "; " : ": it is empty", set->why_left_out);
    jwk_set_drop(set);
    return NULL;
}

struct jwk_set *jwk_set_read(const char *json, size_t len, char why[JWK_WHY_BYTES])
{
    json_error_t error = {0};
    struct jwk_set *set = NULL;
    if (len > JWK_SET_BYTES_MAX) {
        (void)snprintf(why, JWK_WHY_BYTES, "the key set is longer than 262,144 bytes");
        return NULL;
    }
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &error);
    const json_t *keys = json_object_get(root, "keys");
    if (!root)
        (void)snprintf(why, JWK_WHY_BYTES, "the key set is not JSON: line %d: %.120s", error.line,
                       error.text);
    else if (!json_is_array(keys))
        (void)snprintf(why, JWK_WHY_BYTES, "the key set has no list \"keys\"");
    else if (json_array_size(keys) > JWK_SET_KEYS_MAX)
        (void)snprintf(why, JWK_WHY_BYTES, "the key set has %zu keys, more than 64",
                       json_array_size(keys));
    else
        set = read_keys(keys, why);
    json_decref(root);
    return set;
}

struct jwk_set *jwk_set_hold(struct jwk_set *set)
{
    atomic_fetch_add(&set->references, 1);
    return set;
}

void jwk_set_drop(struct jwk_set *set)
{
    if (!set || atomic_fetch_sub(&set->references, 1) > 1)
        return;
    for (size_t i = 0; i < set->n; i++)
        free_key(set->keys[i]);
    free(set);
}

const char *jwk_id(const struct jwk *key)
{
    return key->id;
}

bool jwk_set_equal(const struct jwk_set *a, const struct jwk_set *b)
{
    bool equal = a->n == b->n;
    for (size_t i = 0; equal && i < a->n; i++)
        equal = strcmp(a->keys[i]->id, b->keys[i]->id) == 0 &&
                strcmp(a->keys[i]->kid, b->keys[i]->kid) == 0 && a->keys[i]->alg == b->keys[i]->alg;
    return equal;
}

bool jwk_set_has(const struct jwk_set *set, const char *id, size_t len)
{
    for (size_t i = 0; i < set->n; i++)
        if (len == JWK_ID_BYTES - 1 && memcmp(set->keys[i]->id, id, len) == 0)
            return true;
    return false;
}

/* -- tokens ------------------------------------------------------------------------------------ */

static bool is_named(const struct jwk_set *set, const struct jwk *key, const char *kid)
{
    return *kid ? strcmp(key->kid, kid) == 0 : set->n == 1;
}

int jwk_set_find(const struct jwk_set *set, const struct jwt_token *token, const struct jwk **out,
                 const char **why)
{
    bool named = false;
    for (size_t i = 0; i < set->n; i++) {
        const struct jwk *key = set->keys[i];
        if (!is_named(set, key, token->kid))
            continue;
        named = true;
        *out = key;
        if (key->alg == token->alg)
            return AM_OK;
    }
    *why = named ? "the token's algorithm is not that of its key; an RSA key without `alg` is for "
                   "RS256"
                 : "the provider's key set has no key of the token's `kid`";
    if (!named && !*token->kid)
        *why = "the token has no `kid`, and the provider's key set has several keys";
    return named || !*token->kid ? AM_EINVAL : AM_ENOENT;
}

/* The library compares neither the signature's length with the key's, nor the curve with the
 * algorithm: both are certain here before it is asked. */
bool jwk_verify(const struct jwk *key, const struct jwt_token *token, const char *text, size_t len)
{
    cjose_err err;
    if (token->alg != key->alg || token->signature_bytes != key->signature_bytes)
        return false;
    cjose_jws_t *jws = cjose_jws_import(text, len, &err);
    if (!jws)
        return false;
    const bool good = cjose_jws_verify(jws, key->key, &err);
    cjose_jws_release(jws);
    return good;
}
