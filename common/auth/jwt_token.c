/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwt_token.h"

#include <cjose/cjose.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/slice.h"

#define PARTS 3
#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static int refuse(const char **why, const char *reason)
{
    *why = reason;
    return AM_EINVAL;
}

enum jwt_alg jwt_alg_of(const char *name)
{
    static const char *const names[JWT_ALGS] = {
        [JWT_RS256] = "RS256", [JWT_PS256] = "PS256", [JWT_ES256] = "ES256"};
    for (int i = JWT_ALG_NONE + 1; i < JWT_ALGS; i++)
        if (strcmp(names[i], name) == 0)
            return (enum jwt_alg)i;
    return JWT_ALG_NONE;
}

bool jwt_token_looks_like(const char *text, size_t len)
{
    return len > 0 && *text == 'e' && memchr(text, '.', len) != NULL;
}

/* -- parts ------------------------------------------------------------------------------------- */

static bool made_of_alphabet(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\0' || !strchr(ALPHABET, text[i]))
            return false;
    return true;
}

/* The library reads several texts as the same bytes; only the one that it writes is taken. */
int jwt_base64url(const char *text, size_t len, unsigned char **out, size_t *out_len)
{
    char *again = NULL;
    size_t again_len = 0;
    cjose_err err;
    if (len == 0 || !made_of_alphabet(text, len))
        return AM_EINVAL;
    if (!cjose_base64url_decode(text, len, out, out_len, &err))
        return AM_EINVAL;
    const bool same = cjose_base64url_encode(*out, *out_len, &again, &again_len, &err) &&
                      slice_eq(slice_of(text, len), slice_of(again, again_len));
    free(again);
    if (same)
        return AM_OK;
    free(*out);
    return AM_EINVAL;
}

static int cut(const char *text, size_t len, struct slice parts[PARTS], const char **why)
{
    const char *at = text, *const end = text + len;
    for (size_t i = 0; i < PARTS; i++) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        if ((dot != NULL) != (i + 1 < PARTS))
            return refuse(why, i + 1 < PARTS ? "the token has fewer than three parts"
                                             : "the token has more than three parts, as encrypted "
                                               "ones do, which are not taken");
        parts[i] = slice_of(at, (size_t)((dot ? dot : end) - at));
        if (parts[i].len == 0)
            return refuse(why, "a part of the token is empty: it is unsigned, or was cut");
        at = dot ? dot + 1 : end;
    }
    return AM_OK;
}

static json_t *read_object(struct slice part)
{
    unsigned char *bytes = NULL;
    size_t len = 0;
    if (jwt_base64url((const char *)part.data, part.len, &bytes, &len))
        return NULL;
    json_t *found = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
    free(bytes);
    if (found && !json_is_object(found)) {
        json_decref(found);
        return NULL;
    }
    return found;
}

static int read_signature(struct slice part, struct jwt_token *out, const char **why)
{
    unsigned char *bytes = NULL;
    if (jwt_base64url((const char *)part.data, part.len, &bytes, &out->signature_bytes))
        return refuse(why, "the token's signature is not canonical base64url");
    free(bytes);
    return AM_OK;
}

/* -- header ------------------------------------------------------------------------------------ */

/* By these a token would bring its own key, be more than signed, or need what its reader must
 * understand. We understand none of it, and a provider's tokens have none of it. */
static const char *const refused_members[] = {"crit", "jwk", "jku", "x5u", "x5c", "b64",
                                              "cty",  "enc", "zip", "epk", "p2c"};

static int check_members(const json_t *header, const char **why)
{
    for (size_t i = 0; i < sizeof refused_members / sizeof *refused_members; i++)
        if (json_object_get(header, refused_members[i]))
            return refuse(why, "the token's header has one of crit, jwk, jku, x5u, x5c, b64, cty, "
                               "enc, zip, epk, p2c, which are not taken");
    return AM_OK;
}

/* A provider signs other things by the same keys, such as notices of a logout (RFC 8725, 3.11). */
static int check_type(const json_t *header, const char **why)
{
    static const char application[] = "application/";
    const json_t *found = json_object_get(header, "typ");
    const char *type = json_string_value(found);
    if (!found)
        return AM_OK;
    if (type && strncasecmp(type, application, strlen(application)) == 0)
        type += strlen(application);
    if (type && (strcasecmp(type, "JWT") == 0 || strcasecmp(type, "at+jwt") == 0))
        return AM_OK;
    return refuse(why, "the token's header has a `typ` other than JWT and at+jwt");
}

static int read_kid(struct jwt_token *t, const char **why)
{
    const json_t *found = json_object_get(t->header, "kid");
    t->kid = found ? json_string_value(found) : "";
    if (!t->kid || (found && json_string_length(found) == 0))
        return refuse(why, "the token's `kid` is no text");
    if (strlen(t->kid) > JWT_KID_BYTES_MAX)
        return refuse(why, "the token's `kid` is longer than 255 bytes");
    return AM_OK;
}

static int check_header(struct jwt_token *t, const char **why)
{
    const char *alg = json_string_value(json_object_get(t->header, "alg"));
    t->alg = alg ? jwt_alg_of(alg) : JWT_ALG_NONE;
    if (t->alg == JWT_ALG_NONE)
        return refuse(why, "the token's algorithm is not RS256, PS256 or ES256");
    int err = check_members(t->header, why);
    if (!err)
        err = check_type(t->header, why);
    return err ? err : read_kid(t, why);
}

/* -- the whole --------------------------------------------------------------------------------- */

static int read_parts(const struct slice parts[PARTS], struct jwt_token *out, const char **why)
{
    out->header = read_object(parts[0]);
    if (!out->header)
        return refuse(why, "the token's header is not one JSON object in canonical base64url, "
                           "without a name that is there twice");
    int err = check_header(out, why);
    if (err)
        return err;
    out->payload = read_object(parts[1]);
    if (!out->payload)
        return refuse(why, "the token's payload is not one JSON object in canonical base64url, "
                           "without a name that is there twice");
    return read_signature(parts[2], out, why);
}

int jwt_token_read(const char *text, size_t len, struct jwt_token *out, const char **why)
{
    struct slice parts[PARTS];
    *out = (struct jwt_token){.alg = JWT_ALG_NONE};
    if (len > JWT_BYTES_MAX)
        return refuse(why, "the token is longer than 4,096 bytes: have the provider leave claims "
                           "out, such as groups that are not mapped");
    int err = cut(text, len, parts, why);
    if (!err)
        err = read_parts(parts, out, why);
    if (err)
        jwt_token_free(out);
    return err;
}

void jwt_token_free(struct jwt_token *t)
{
    json_decref(t->header);
    json_decref(t->payload);
    *t = (struct jwt_token){.alg = JWT_ALG_NONE};
}
