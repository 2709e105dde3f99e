/* SPDX-License-Identifier: Apache-2.0 */

/* The keyring's questions to the database: look-ups of ids that are not here, the walk over those
 * that are, and the uses to be stored. */

#include <stdlib.h>
#include <string.h>

#include "auth/keyring_impl.h"
#include "base/assert.h"
#include "base/metrics.h"

enum { LOOKUP_FOUND, LOOKUP_UNKNOWN, LOOKUP_FAILED };
static const char *const outcomes[] = {"found", "unknown", "failed", NULL};

static METRIC_DEFINE(cached, METRIC_GAUGE, "amends_api_keys_cached",
                     "API keys that this process knows; each is read again every two seconds.");
static METRIC_DEFINE_LABEL(lookups, METRIC_COUNTER, "amends_api_key_lookups_total",
                           "Look-ups of API keys that this process did not know.", "outcome",
                           outcomes);
static METRIC_DEFINE(refused, METRIC_COUNTER, "amends_api_key_lookups_refused_total",
                     "Calls with an unknown API key that found too many others waiting.");
static METRIC_DEFINE(failures, METRIC_COUNTER, "amends_api_key_refresh_failures_total",
                     "Times that the known API keys could not be read again.");

void ring_metrics(void)
{
    metric_register(&cached);
    metric_register(&lookups);
    metric_register(&refused);
    metric_register(&failures);
}

/* -- jobs -------------------------------------------------------------------------------------- */

static enum keyring_jobs sort_of(const struct keyring *k, const struct ring_job *job)
{
    return (enum keyring_jobs)(job - k->jobs);
}

static void start_job(struct keyring *k, enum keyring_jobs sort, size_t n)
{
    struct ring_job *job = &k->jobs[sort];
    job->busy = true;
    job->sent_us = time_now_us(k->time);
    job->sent_mono_us = time_mono_us();
    job->pub = (struct keyring_job){.ring = k, .n = n};
    if (sort == KEYRING_NOTE)
        job->pub.uses = k->uses;
    else if (sort == KEYRING_RECENT)
        job->pub.since_us = job->sent_us - KEYRING_USE_US - job->sent_us % KEYRING_USE_US;
    else
        job->pub.ids = sort == KEYRING_LOOKUP ? k->lookup_ids : k->refresh_ids;
    k->source.ask(k->source.ctx, sort, &job->pub);
}

void keyring_found(struct keyring_job *pub, size_t i, const struct keyring_record *record)
{
    struct ring_job *job = CONTAINER_OF(pub, struct ring_job, pub);
    struct keyring *k = pub->ring;
    AM_ASSERT(i < pub->n);
    if (sort_of(k, job) == KEYRING_REFRESH)
        k->refresh_found[i] = true;
    else if (sort_of(k, job) == KEYRING_LOOKUP)
        k->lookup_found = true;
    ring_lock(k);
    ring_put(k, record, job->sent_us, job->sent_mono_us);
    ring_unlock(k);
}

/* -- look-ups ---------------------------------------------------------------------------------- */

static void send_soon(struct keyring *k)
{
    if (k->loop && !k->jobs[KEYRING_LOOKUP].busy && k->n_asks > 0 && !loop_timer_active(k->pause))
        loop_before_sleep(k->loop, &k->send);
}

static void send_lookup(struct loop_idle *idle)
{
    struct keyring *k = CONTAINER_OF(idle, struct keyring, send);
    size_t n = 0;
    if (!k->loop || k->jobs[KEYRING_LOOKUP].busy || loop_timer_active(k->pause))
        return;
    k->lookup_found = false;
    LIST_FOR_EACH (it, &k->asks) {
        struct ring_ask *a = CONTAINER_OF(it, struct ring_ask, link);
        if (n == KEYRING_LOOKUP_BATCH)
            break;
        a->sent = true;
        k->lookup_ids[n++] = a->id;
    }
    if (n > 0)
        start_job(k, KEYRING_LOOKUP, n);
}

/* Tells one who waits what is known now. A note of another id may take the place of this one, so
 * each is told at once. */
static void answer(struct keyring *k, struct ring_ask *a, bool ok)
{
    ring_lock(k);
    const bool here = ring_find(k, &a->id) != NULL;
    if (!ok || !here)
        ring_note(k, &a->id, !ok);
    ring_unlock(k);
    metric_add(&lookups, !ok ? LOOKUP_FAILED : here ? LOOKUP_FOUND : LOOKUP_UNKNOWN, 1);
    list_remove(&a->link);
    k->n_asks--;
    if (a->done)
        a->done(a->arg);
    free(a);
}

/* Answers those whose ids were sent, or all. Whoever is told may ask again, at the list's end. */
static void answer_all(struct keyring *k, bool sent_only, bool ok)
{
    for (size_t n = k->n_asks; n > 0; n--) {
        struct ring_ask *a = CONTAINER_OF(k->asks.next, struct ring_ask, link);
        if (sent_only && !a->sent)
            break;
        answer(k, a, ok);
    }
}

static void pause_over(void *ctx)
{
    send_soon(ctx);
}

/* Whoever invents ids keeps the database busy for a part of the time only. */
static void lookup_done(struct keyring *k, bool ok)
{
    if (k->loop && !k->lookup_found)
        loop_timer_start(k->pause, KEYRING_PAUSE_US);
    answer_all(k, true, ok);
    send_soon(k);
}

/* A frozen database answers nobody: a call is told before its own time is over. */
static void patience_over(void *ctx)
{
    struct keyring *k = ctx;
    const int64_t before = time_mono_us() - KEYRING_PATIENCE_US;
    for (size_t n = k->n_asks; n > 0; n--) {
        struct ring_ask *a = CONTAINER_OF(k->asks.next, struct ring_ask, link);
        if (a->since_mono_us > before)
            break;
        answer(k, a, false);
    }
    if (k->n_asks > 0 && k->loop)
        loop_timer_start(k->patience, KEYRING_PATIENCE_US / 4);
}

int ring_ask(struct keyring *k, const struct api_key_id *id, void (*done)(void *arg), void *arg)
{
    if (!k->loop || k->n_asks >= KEYRING_ASKS) {
        metric_add(&refused, 0, 1);
        return AM_EAGAIN;
    }
    struct ring_ask *a = calloc(1, sizeof *a);
    AM_ASSERT(a != NULL);
    *a = (struct ring_ask){.id = *id, .done = done, .arg = arg, .since_mono_us = time_mono_us()};
    list_push_back(&k->asks, &a->link);
    k->n_asks++;
    if (!loop_timer_active(k->patience))
        loop_timer_start(k->patience, KEYRING_PATIENCE_US / 4);
    send_soon(k);
    return AM_OK;
}

/* -- the walk ---------------------------------------------------------------------------------- */

static void note_uses(struct keyring *k);

static bool is_idle(const struct ring_key *key)
{
    return time_mono_us() - key->asked_mono_us > KEYRING_IDLE_US;
}

/* Whole buckets, as many as the batch has room for. */
static size_t gather(struct keyring *k)
{
    size_t n = 0;
    ring_lock(k);
    for (; k->walk < KEYRING_BUCKETS; k->walk++) {
        size_t more = 0;
        for (struct ring_key *key = k->buckets[k->walk], *next; key; key = next) {
            next = key->next;
            if (is_idle(key))
                ring_drop(k, key);
            else
                more++;
        }
        if (n + more > KEYRING_REFRESH_BATCH)
            break;
        for (struct ring_key *key = k->buckets[k->walk]; key; key = key->next)
            k->refresh_ids[n++] = key->mark.id;
    }
    metric_set(&cached, 0, (int64_t)k->n_keys);
    ring_unlock(k);
    return n;
}

static void walk_ended(struct keyring *k)
{
    const int64_t took = time_mono_us() - k->walk_began_us;
    loop_timer_start(k->tick, took < KEYRING_REFRESH_US ? KEYRING_REFRESH_US - took : 0);
    note_uses(k);
}

static void walk_on(struct keyring *k)
{
    const size_t n = gather(k);
    memset(k->refresh_found, 0, sizeof k->refresh_found);
    if (n > 0)
        start_job(k, KEYRING_REFRESH, n);
    else
        walk_ended(k);
}

/* A key that is not in the database any more is none. */
static void drop_missing(struct keyring *k, const struct keyring_job *job)
{
    ring_lock(k);
    for (size_t i = 0; i < job->n; i++) {
        struct ring_key *key = k->refresh_found[i] ? NULL : ring_find(k, &job->ids[i]);
        if (key)
            ring_drop(k, key);
        if (key)
            ring_note(k, &job->ids[i], false);
    }
    ring_unlock(k);
}

static void refresh_done(struct keyring *k, const struct keyring_job *job, bool ok)
{
    if (ok)
        drop_missing(k, job);
    else
        metric_add(&failures, 0, 1);
    k->recent_read = k->recent_read && ok;
    if (!k->loop)
        return;
    if (ok)
        walk_on(k);
    else
        walk_ended(k);
}

/* -- keys used lately -------------------------------------------------------------------------- */

static void read_recent(struct keyring *k)
{
    if (!k->recent_read && !k->jobs[KEYRING_RECENT].busy)
        start_job(k, KEYRING_RECENT, KEYRING_RECENT_MOST);
}

static void tick(void *ctx)
{
    struct keyring *k = ctx;
    read_recent(k);
    k->walk = 0;
    k->walk_began_us = time_mono_us();
    walk_on(k);
}

/* -- uses -------------------------------------------------------------------------------------- */

static void note_uses(struct keyring *k)
{
    size_t n = 0;
    if (k->jobs[KEYRING_NOTE].busy)
        return;
    ring_lock(k);
    LIST_FOR_EACH (it, &k->used) {
        const struct ring_key *key = CONTAINER_OF(it, struct ring_key, used);
        if (key->used_hour_us > key->stored_hour_us && n < KEYRING_REFRESH_BATCH)
            k->uses[n++] = (struct keyring_use){
                .tenant_id = key->tenant_id, .id = key->mark.id, .hour_us = key->used_hour_us};
    }
    ring_unlock(k);
    if (n > 0)
        start_job(k, KEYRING_NOTE, n);
}

static void uses_noted(struct keyring *k, const struct keyring_job *job, bool ok)
{
    ring_lock(k);
    for (size_t i = 0; i < job->n && ok; i++) {
        struct ring_key *key = ring_find(k, &job->uses[i].id);
        if (key && key->stored_hour_us < job->uses[i].hour_us)
            key->stored_hour_us = job->uses[i].hour_us;
    }
    ring_unlock(k);
}

/* -- life -------------------------------------------------------------------------------------- */

static void note_failure(struct keyring *k, const struct ring_job *job)
{
    ring_lock(k);
    k->failed_us = job->sent_us;
    k->failed_mono_us = job->sent_mono_us;
    ring_unlock(k);
}

void keyring_job_done(struct keyring_job *pub, bool ok)
{
    struct ring_job *job = CONTAINER_OF(pub, struct ring_job, pub);
    struct keyring *k = pub->ring;
    job->busy = false;
    if (!ok && sort_of(k, job) != KEYRING_NOTE)
        note_failure(k, job);
    switch (sort_of(k, job)) {
    case KEYRING_LOOKUP:
        lookup_done(k, ok);
        break;
    case KEYRING_REFRESH:
        refresh_done(k, pub, ok);
        break;
    case KEYRING_RECENT:
        k->recent_read = ok;
        break;
    default:
        uses_noted(k, pub, ok);
    }
}

void keyring_start(struct keyring *k, struct loop *loop, const struct keyring_source *source)
{
    AM_ASSERT(!k->loop);
    k->loop = loop;
    k->source = *source;
    k->send.run = send_lookup;
    k->tick = loop_timer_new(loop, tick, k);
    k->patience = loop_timer_new(loop, patience_over, k);
    k->pause = loop_timer_new(loop, pause_over, k);
    loop_timer_start(k->tick, KEYRING_REFRESH_US);
    read_recent(k);
}

void keyring_stop(struct keyring *k)
{
    if (!k->loop)
        return;
    k->loop = NULL;
    loop_timer_free(k->tick);
    loop_timer_free(k->patience);
    loop_timer_free(k->pause);
    answer_all(k, false, false);
}
