/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/claim.h"

#include <string.h>

static int refuse(const char **why, const char *reason)
{
    *why = reason;
    return AM_EINVAL;
}

/* Cuts the text at each `separator`, in place. */
static int cut(struct claim_path *out, char *at, char separator, const char **why)
{
    for (;;) {
        char *end = strchr(at, separator);
        if (out->n == CLAIM_DEPTH_MAX)
            return refuse(why, "is nested more than 8 deep");
        out->names[out->n++] = at;
        if (end)
            *end = '\0';
        if (!*at)
            return refuse(why, "has an empty name in it");
        if (!end)
            return AM_OK;
        at = end + 1;
    }
}

/* "~1" is a slash and "~0" a tilde (RFC 6901). */
static int unescape(char *name, const char **why)
{
    char *to = name;
    for (const char *from = name; *from; from++) {
        if (*from != '~') {
            *to++ = *from;
            continue;
        }
        from++;
        if (*from != '0' && *from != '1')
            return refuse(why, "has a ~ that is followed by neither 0 nor 1");
        *to++ = *from == '1' ? '/' : '~';
    }
    *to = '\0';
    return AM_OK;
}

static int parse_pointer(struct claim_path *out, const char **why)
{
    int err = cut(out, out->text + 1, '/', why);
    for (size_t i = 0; i < out->n && !err; i++)
        err = unescape(out->text + (out->names[i] - out->text), why);
    return err;
}

int claim_path_parse(const char *text, struct claim_path *out, const char **why)
{
    const size_t len = strlen(text);
    out->n = 0;
    if (len == 0)
        return refuse(why, "is empty");
    if (len > CLAIM_BYTES_MAX)
        return refuse(why, "is longer than 255 bytes");
    memcpy(out->text, text, len + 1);
    if (*text == '/')
        return parse_pointer(out, why);
    if (!strstr(text, "://"))
        return cut(out, out->text, '.', why);
    out->names[out->n++] = out->text;
    return AM_OK;
}

const json_t *claim_find(const json_t *payload, const struct claim_path *path)
{
    const json_t *at = payload;
    for (size_t i = 0; i < path->n && at; i++)
        at = json_object_get(at, path->names[i]);
    return at;
}
