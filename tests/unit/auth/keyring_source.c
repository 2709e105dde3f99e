/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/role_set.h"

struct stored *stored;
size_t n_stored;
bool away, holds_back;
unsigned asked[KEYRING_JOBS];
size_t asked_ids[KEYRING_JOBS], largest[KEYRING_JOBS];
struct keyring_use noted[16];
size_t n_noted;
static struct keyring_job *held[KEYRING_JOBS];

/* Places of `stored` by the first characters of their ids; linear probing. */
#define PLACES 65536
static size_t places[PLACES]; /* and one; 0 = none */

static size_t place_of(const struct api_key_id *id)
{
    uint32_t h = 0;
    for (const char *p = id->text; *p; p++)
        h = h * 31 + (uint8_t)*p;
    while (places[h % PLACES] &&
           strcmp(stored[places[h % PLACES] - 1].key.mark.id.text, id->text) != 0)
        h++;
    return h % PLACES;
}

static const struct stored *stored_find(const struct api_key_id *id)
{
    const size_t at = places[place_of(id)];
    return at && at <= n_stored ? &stored[at - 1] : NULL;
}

static void answer(enum keyring_jobs sort, struct keyring_job *job)
{
    for (size_t i = 0; sort == KEYRING_RECENT && !away && i < n_stored; i++)
        if (stored[i].record.used_us >= job->since_us)
            keyring_found(job, 0, &stored[i].record);
    for (size_t i = 0; job->ids && !away && i < job->n; i++) {
        const struct stored *s = stored_find(&job->ids[i]);
        if (s)
            keyring_found(job, i, &s->record);
    }
    for (size_t i = 0; sort == KEYRING_NOTE && !away && i < job->n && n_noted < 16; i++)
        noted[n_noted++] = job->uses[i];
    keyring_job_done(job, !away);
}

void source_ask(void *ctx, enum keyring_jobs sort, struct keyring_job *job)
{
    (void)ctx;
    asked[sort]++;
    asked_ids[sort] += job->n;
    largest[sort] = job->n > largest[sort] ? job->n : largest[sort];
    if (holds_back)
        held[sort] = job;
    else
        answer(sort, job);
}

void let_go(void)
{
    holds_back = false;
    for (size_t i = 0; i < KEYRING_JOBS; i++) {
        struct keyring_job *job = held[i];
        held[i] = NULL;
        if (job)
            answer((enum keyring_jobs)i, job);
    }
}

struct stored *store_key_of(const struct api_key_id *id, const char *tenant, const char *principal)
{
    struct stored *s = &stored[n_stored++];
    assert_true(n_stored <= STORED_MAX);
    api_key_make(id, &s->key);
    places[place_of(id)] = n_stored;
    s->record = (struct keyring_record){.mark = s->key.mark,
                                        .tenant_id = 7,
                                        .tenant = tenant,
                                        .principal = principal,
                                        .roles = ROLES,
                                        .ends_us = INT64_MAX};
    return s;
}

struct stored *store_key(const char *tenant, const char *principal)
{
    struct api_key_id id;
    api_key_draw_id(&id);
    return store_key_of(&id, tenant, principal);
}

void source_reset(void)
{
    n_stored = n_noted = 0;
    away = holds_back = false;
    memset(places, 0, sizeof places);
    memset(asked, 0, sizeof asked);
    memset(asked_ids, 0, sizeof asked_ids);
    memset(largest, 0, sizeof largest);
}
