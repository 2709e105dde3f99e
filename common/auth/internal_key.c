/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/internal_key.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "auth/reserved.h"
#include "auth/role_set.h"
#include "base/assert.h"
#include "base/digest.h"
#include "base/log.h"
#include "contract/words.h"

/* Tells such a credential from others, whatever characters the file has. */
#define PREFIX "amends-internal:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define KEYS_MOST 2
#define FILE_MOST (KEYS_MOST * (INTERNAL_KEY_MOST + 2) + 2)

struct keys {
    size_t n;
    char first[PREFIX_LEN + INTERNAL_KEY_MOST + 1];
    uint8_t hashes[KEYS_MOST][DIGEST_LEN];
};

struct internal_key {
    const char *path;
    struct stat seen; /* of the file that was read last */
    char text[PREFIX_LEN + INTERNAL_KEY_MOST + 1];
    pthread_mutex_t lock; /* the hashes are for any thread */
    struct keys keys;
    struct auth_checker checker;
};

/* -- the file ---------------------------------------------------------------------------------- */

static int fail(char why[INTERNAL_KEY_WHY_BYTES], const char *path, const char *what)
{
    (void)snprintf(why, INTERNAL_KEY_WHY_BYTES,
                   "%s %s; make one by: openssl rand -base64 32 > FILE", path, what);
    return AM_EINVAL;
}

static bool is_sound(const char *line, size_t len)
{
    if (len < INTERNAL_KEY_LEAST || len > INTERNAL_KEY_MOST)
        return false;
    for (size_t i = 0; i < len; i++)
        if (line[i] <= ' ' || line[i] > '~')
            return false;
    return true;
}

static void add(struct keys *out, const char *line, size_t len)
{
    char text[sizeof(out->first)];
    memcpy(text, PREFIX, PREFIX_LEN);
    memcpy(text + PREFIX_LEN, line, len);
    text[PREFIX_LEN + len] = '\0';
    digest_sha256(text, PREFIX_LEN + len, out->hashes[out->n]);
    if (out->n++ == 0)
        memcpy(out->first, text, PREFIX_LEN + len + 1);
    OPENSSL_cleanse(text, sizeof(text));
}

/* Empty lines do not count. */
static const char *parse(const char *text, struct keys *out)
{
    *out = (struct keys){0};
    while (*text) {
        const size_t len = strcspn(text, "\r\n");
        if (len > 0) {
            if (out->n == KEYS_MOST)
                return "has more than two lines";
            if (!is_sound(text, len))
                return "has a line that is not of 43 to 256 visible characters";
            add(out, text, len);
        }
        text += len;
        text += strspn(text, "\r\n");
    }
    return out->n > 0 ? NULL : "is empty";
}

/* The file's text is on the stack only. */
static int read_keys(const char *path, struct keys *out, char why[INTERNAL_KEY_WHY_BYTES])
{
    char text[FILE_MOST + 1];
    FILE *in = fopen(path, "re");
    if (!in)
        return fail(why, path, strerror(errno));
    const size_t len = fread(text, 1, FILE_MOST, in);
    const bool broken = ferror(in) != 0;
    (void)fclose(in);
    text[len] = '\0';
    const char *what = broken                ? "cannot be read"
                       : len == FILE_MOST    ? "is too long"
                       : strlen(text) != len ? "holds a NUL"
                                             : parse(text, out);
    OPENSSL_cleanse(text, sizeof(text));
    return what ? fail(why, path, what) : AM_OK;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int take_file(struct internal_key *k, char why[INTERNAL_KEY_WHY_BYTES])
{
    struct keys keys;
    int err = read_keys(k->path, &keys, why);
    if (err)
        return err;
    memcpy(k->text, keys.first, sizeof(k->text));
    AM_ASSERT(pthread_mutex_lock(&k->lock) == 0);
    k->keys = keys;
    AM_ASSERT(pthread_mutex_unlock(&k->lock) == 0);
    OPENSSL_cleanse(&keys, sizeof(keys));
    return AM_OK;
}

void internal_key_look(struct internal_key *k)
{
    char why[INTERNAL_KEY_WHY_BYTES];
    struct stat now = {0};
    (void)stat(k->path, &now);
    if (same_file(&now, &k->seen))
        return;
    k->seen = now;
    if (take_file(k, why))
        log_error("auth", "internal_key_kept", LOG_STR("why", why),
                  LOG_STR("so", "the key that was read before goes on"));
    else
        log_info("auth", "internal_key_read", LOG_INT("keys", (int64_t)k->keys.n));
}

/* -- the checker ------------------------------------------------------------------------------- */

static bool takes(const void *ctx, const char *text, size_t len)
{
    (void)ctx;
    return len > PREFIX_LEN && memcmp(text, PREFIX, PREFIX_LEN) == 0;
}

/* All are compared, and each in constant time. */
static bool is_ours(struct internal_key *k, const uint8_t hash[DIGEST_LEN])
{
    bool found = false;
    AM_ASSERT(pthread_mutex_lock(&k->lock) == 0);
    for (size_t i = 0; i < k->keys.n; i++)
        found |= CRYPTO_memcmp(k->keys.hashes[i], hash, DIGEST_LEN) == 0;
    AM_ASSERT(pthread_mutex_unlock(&k->lock) == 0);
    return found;
}

static enum auth_verdict check(void *ctx, const char *text, size_t len, int64_t now_us,
                               struct arena *arena, struct auth_identity *out, const char **why)
{
    uint8_t hash[DIGEST_LEN];
    (void)now_us;
    (void)arena;
    digest_sha256(text, len, hash);
    *why = "another internal key than in the file";
    if (!is_ours(ctx, hash))
        return AUTH_REFUSED;
    *out = (struct auth_identity){.tenant = "",
                                  .principal = PRINCIPAL_SERVICES,
                                  .roles = ROLE_BIT(ROLE_INTERNAL),
                                  .until_us = INT64_MAX,
                                  .credential = "internal"};
    return AUTH_OK;
}

const struct auth_checker *internal_key_checker(const struct internal_key *k)
{
    return &k->checker;
}

const char *internal_key_text(const struct internal_key *k)
{
    return k->text;
}

/* -- its life ---------------------------------------------------------------------------------- */

int internal_key_new(const char *path, struct internal_key **out, char why[INTERNAL_KEY_WHY_BYTES])
{
    struct internal_key *k = calloc(1, sizeof(*k));
    AM_ASSERT(k != NULL);
    k->path = path;
    k->checker =
        (struct auth_checker){.name = "internal key", .takes = takes, .check = check, .ctx = k};
    AM_ASSERT(pthread_mutex_init(&k->lock, NULL) == 0);
    (void)stat(path, &k->seen);
    int err = take_file(k, why);
    *out = err ? NULL : k;
    if (err)
        internal_key_free(k);
    return err;
}

void internal_key_free(struct internal_key *k)
{
    if (!k)
        return;
    AM_ASSERT(pthread_mutex_destroy(&k->lock) == 0);
    OPENSSL_cleanse(k, sizeof(*k));
    free(k);
}
