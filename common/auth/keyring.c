/* SPDX-License-Identifier: Apache-2.0 */

/* The keys that are here, and what a credential is found to be. */

#include "auth/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "auth/keyring_impl.h"
#include "base/assert.h"
#include "base/uuid.h"

void ring_lock(struct keyring *k)
{
    AM_ASSERT(pthread_mutex_lock(&k->lock) == 0);
}

void ring_unlock(struct keyring *k)
{
    AM_ASSERT(pthread_mutex_unlock(&k->lock) == 0);
}

/* -- the keys ---------------------------------------------------------------------------------- */

/* Begins with a number that outsiders do not know: who makes keys chooses their ids, by choosing
 * request ids, and could fill one bucket with them. */
static uint32_t hash_of(const struct keyring *k, const struct api_key_id *id)
{
    uint64_t h = 14695981039346656037u ^ k->seed; /* FNV-1a */
    for (const char *p = id->text; *p; p++)
        h = (h ^ (uint8_t)*p) * 1099511628211u;
    return (uint32_t)(h ^ h >> 32);
}

static bool same_id(const struct api_key_id *a, const struct api_key_id *b)
{
    return memcmp(a->text, b->text, API_KEY_ID_CHARS) == 0;
}

static struct ring_key **bucket_of(struct keyring *k, const struct api_key_id *id)
{
    return &k->buckets[hash_of(k, id) & (KEYRING_BUCKETS - 1)];
}

struct ring_key *ring_find(const struct keyring *k, const struct api_key_id *id)
{
    struct ring_key *key = k->buckets[hash_of(k, id) & (KEYRING_BUCKETS - 1)];
    while (key && !same_id(&key->mark.id, id))
        key = key->next;
    return key;
}

void ring_drop(struct keyring *k, struct ring_key *key)
{
    struct ring_key **at = bucket_of(k, &key->mark.id);
    while (*at != key)
        at = &(*at)->next;
    *at = key->next;
    list_remove(&key->used);
    k->n_keys--;
    free(key);
}

static struct ring_key *add(struct keyring *k, const struct keyring_record *r)
{
    const size_t principal = strlen(r->principal) + 1, tenant = strlen(r->tenant) + 1;
    struct ring_key *key = calloc(1, sizeof *key + principal + tenant);
    AM_ASSERT(key != NULL);
    memcpy(key->names, r->principal, principal);
    memcpy(key->names + principal, r->tenant, tenant);
    key->tenant = key->names + principal;
    key->mark.id = r->mark.id;
    key->asked_mono_us = time_mono_us();
    struct ring_key **at = bucket_of(k, &key->mark.id);
    key->next = *at;
    *at = key;
    list_push_back(&k->used, &key->used);
    k->n_keys++;
    return key;
}

/* The place of the key that was used longest ago goes to a new one. */
static void make_room(struct keyring *k)
{
    if (k->n_keys == KEYRING_KEYS)
        ring_drop(k, CONTAINER_OF(k->used.next, struct ring_key, used));
}

void ring_put(struct keyring *k, const struct keyring_record *r, int64_t now_us, int64_t mono_us)
{
    struct ring_key *key = ring_find(k, &r->mark.id);
    if (key && (strcmp(key->names, r->principal) != 0 || strcmp(key->tenant, r->tenant) != 0)) {
        ring_drop(k, key);
        key = NULL;
    }
    if (!key) {
        make_room(k);
        key = add(k, r);
    }
    memcpy(key->mark.hash, r->mark.hash, DIGEST_LEN);
    key->tenant_id = r->tenant_id;
    key->roles = r->roles;
    key->revoked = r->revoked;
    key->ends_us = r->ends_us;
    if (r->used_us > key->stored_hour_us)
        key->stored_hour_us = r->used_us;
    key->confirmed_us = now_us;
    key->confirmed_mono_us = mono_us;
}

void ring_use(struct keyring *k, struct ring_key *key)
{
    const int64_t now_us = time_now_us(k->time);
    key->asked_mono_us = time_mono_us();
    key->used_hour_us = now_us - now_us % KEYRING_USE_US;
    list_remove(&key->used);
    list_push_back(&k->used, &key->used);
}

/* The test clock moves domain time alone; the database's clock may be set back. */
static bool held_until(const struct ring_key *key, int64_t now_us, int64_t mono_us)
{
    return mono_us - key->confirmed_mono_us <= KEYRING_HOLDS_US &&
           now_us - key->confirmed_us <= KEYRING_HOLDS_US;
}

bool ring_holds(const struct keyring *k, const struct ring_key *key)
{
    return held_until(key, time_now_us(k->time), time_mono_us());
}

bool ring_lapsed(const struct keyring *k, const struct ring_key *key)
{
    return !ring_holds(k, key) && !held_until(key, k->failed_us, k->failed_mono_us);
}

/* -- notes of other ids ------------------------------------------------------------------------ */

void ring_note(struct keyring *k, const struct api_key_id *id, bool away)
{
    struct ring_note *note = &k->notes[hash_of(k, id) & (KEYRING_NOTES - 1)];
    *note = (struct ring_note){
        .id = *id,
        .away = away,
        .until_mono_us = time_mono_us() + (away ? KEYRING_AWAY_US : KEYRING_UNKNOWN_US),
    };
}

bool ring_noted(const struct keyring *k, const struct api_key_id *id, bool away)
{
    const struct ring_note *note = &k->notes[hash_of(k, id) & (KEYRING_NOTES - 1)];
    return note->away == away && same_id(&note->id, id) && time_mono_us() < note->until_mono_us;
}

/* -- the checker ------------------------------------------------------------------------------- */

static bool takes(const void *ctx, const char *text, size_t len)
{
    (void)ctx;
    return api_key_takes(text, len);
}

static enum auth_verdict refuse(const char **why, const char *because)
{
    *why = because;
    return AUTH_REFUSED;
}

/* What there is to say without having confirmed it. */
static enum auth_verdict not_sure(const struct keyring *k, const struct api_key_id *id,
                                  const char **why)
{
    *why = "the keys cannot be looked up now";
    return ring_noted(k, id, true) ? AUTH_UNAVAILABLE : AUTH_ASK;
}

/* An instant of domain time as one of the cluster's time. */
static int64_t cluster_time(const struct keyring *k, int64_t at_us, int64_t cluster_now_us)
{
    return at_us == INT64_MAX ? INT64_MAX : cluster_now_us + (at_us - time_now_us(k->time));
}

static enum auth_verdict accept(struct keyring *k, struct ring_key *key, int64_t cluster_now_us,
                                struct arena *arena, struct auth_identity *out, const char **why)
{
    *out = (struct auth_identity){
        .tenant = arena_strdup(arena, key->tenant),
        .principal = arena_strdup(arena, key->names),
        .roles = key->roles,
        .until_us = cluster_time(k, key->ends_us, cluster_now_us),
        .credential = arena_strdup(arena, key->mark.id.text),
    };
    if (!out->tenant || !out->principal || !out->credential) {
        *why = "no memory is left for the call";
        return AUTH_UNAVAILABLE;
    }
    ring_use(k, key);
    return AUTH_OK;
}

static enum auth_verdict judge(struct keyring *k, const struct api_key_mark *given,
                               int64_t cluster_now_us, struct arena *arena,
                               struct auth_identity *out, const char **why)
{
    struct ring_key *key = ring_find(k, &given->id);
    if (!key && ring_noted(k, &given->id, false))
        return refuse(why, "there is no key of this id");
    if (!key)
        return not_sure(k, &given->id, why);
    if (!api_key_same(key->mark.hash, given->hash))
        return refuse(why, "the secret is wrong");
    if (key->revoked)
        return refuse(why, "the key was revoked");
    if (time_now_us(k->time) >= key->ends_us)
        return refuse(why, "the key has ended");
    if (!ring_holds(k, key))
        return not_sure(k, &given->id, why);
    return accept(k, key, cluster_now_us, arena, out, why);
}

static enum auth_verdict check(void *ctx, const char *text, size_t len, int64_t now_us,
                               struct arena *arena, struct auth_identity *out, const char **why)
{
    struct keyring *k = ctx;
    struct api_key_mark given;
    switch (api_key_read(text, len, &given)) {
    case API_KEY_MALFORMED:
        return refuse(why, "it is not a whole key");
    case API_KEY_MISTYPED:
        return refuse(why, "the key is mistyped: its checksum is wrong");
    default:
        break;
    }
    ring_lock(k);
    const enum auth_verdict verdict = judge(k, &given, now_us, arena, out, why);
    ring_unlock(k);
    return verdict;
}

static int ask(void *ctx, const char *text, size_t len, void (*done)(void *arg), void *arg)
{
    struct api_key_mark given;
    AM_ASSERT(api_key_read(text, len, &given) == API_KEY_GOOD); /* or `check` had refused it */
    return ring_ask(ctx, &given.id, done, arg);
}

/* Whoever has the secret has not guessed: only when it was confirmed last is old. */
static bool known(void *ctx, const char *text, size_t len, int64_t now_us)
{
    struct keyring *k = ctx;
    struct api_key_mark given;
    (void)now_us;
    if (api_key_read(text, len, &given) != API_KEY_GOOD)
        return false;
    ring_lock(k);
    const struct ring_key *key = ring_find(k, &given.id);
    const bool good = key && !key->revoked && api_key_same(key->mark.hash, given.hash);
    ring_unlock(k);
    return good;
}

/* What is known of a key without asking. */
static bool seems_alive(struct keyring *k, const struct api_key_id *id, bool *sure)
{
    struct ring_key *key = ring_find(k, id);
    *sure = key && ring_holds(k, key);
    if (!key)
        return !ring_noted(k, id, false);
    if (key->revoked || time_now_us(k->time) >= key->ends_us || ring_lapsed(k, key))
        return false;
    ring_use(k, key);
    return true;
}

/* A key that had to give up its place, or was not confirmed while the process was stopped, is asked
 * for: the next second knows more. */
static bool alive(void *ctx, const struct auth_identity *identity, int64_t now_us)
{
    struct keyring *k = ctx;
    struct api_key_id id;
    bool sure = false;
    (void)now_us;
    AM_ASSERT(api_key_is_id(identity->credential, strlen(identity->credential)));
    memcpy(id.text, identity->credential, sizeof id.text);
    ring_lock(k);
    const bool lives = seems_alive(k, &id, &sure);
    ring_unlock(k);
    if (lives && !sure)
        (void)ring_ask(k, &id, NULL, NULL); /* when too many ask, the next second will do */
    return lives;
}

/* -- life -------------------------------------------------------------------------------------- */

struct keyring *keyring_new(struct time_source *time)
{
    struct keyring *k = calloc(1, sizeof *k);
    AM_ASSERT(k != NULL && pthread_mutex_init(&k->lock, NULL) == 0);
    ring_metrics();
    uuid_random_bytes(&k->seed, sizeof k->seed);
    k->time = time;
    k->checker = (struct auth_checker){.name = "api key",
                                       .takes = takes,
                                       .check = check,
                                       .ask = ask,
                                       .alive = alive,
                                       .known = known,
                                       .ctx = k};
    list_init(&k->used);
    list_init(&k->asks);
    return k;
}

const struct auth_checker *keyring_checker(const struct keyring *k)
{
    return &k->checker;
}

static void free_bucket(struct ring_key *key)
{
    while (key) {
        struct ring_key *next = key->next;
        free(key);
        key = next;
    }
}

void keyring_free(struct keyring *k)
{
    AM_ASSERT(!k->loop && k->n_asks == 0);
    for (size_t i = 0; i < KEYRING_JOBS; i++)
        AM_ASSERT(!k->jobs[i].busy);
    for (size_t i = 0; i < KEYRING_BUCKETS; i++)
        free_bucket(k->buckets[i]);
    (void)pthread_mutex_destroy(&k->lock);
    free(k);
}
