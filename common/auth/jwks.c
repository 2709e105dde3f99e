/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/jwks_get.h"
#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "io/loop.h"

#define REFRESH_US (300 * US_PER_S)
#define ASK_EVERY_US (60 * US_PER_S)
#define TRY_AGAIN_US (5 * US_PER_S)
#define LOOK_US (1 * US_PER_S)
#define NS_PER_US 1000

static const char *const outcomes[] = {"got", "failed", NULL};
enum { OUTCOME_GOT, OUTCOME_FAILED };
static METRIC_DEFINE_LABEL(gets, METRIC_COUNTER, "amends_auth_key_set_gets_total",
                           "Times the identity provider's key set was got, or could not be.",
                           "outcome", outcomes);
static METRIC_DEFINE(known, METRIC_GAUGE, "amends_auth_key_set_keys",
                     "Keys of the identity provider that check tokens.");

struct asker {
    void (*done)(void *arg);
    void *arg;
};

struct jwks {
    struct jwks_spec spec;
    struct jwks_get *get;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* Below: under the lock. */
    struct jwk_set *set;
    uint64_t generation;
    bool stopping, wanted, getting;
    int64_t got_mono_us;   /* when getting began last */
    int64_t asked_mono_us; /* when it last began because somebody asked */
    size_t n_askers, n_served;
    struct asker askers[JWKS_ASKERS_MAX];
    /* Tells the loop that the first `n_served` askers have their answer. */
    struct loop_job told;
    bool telling;
};

/* -- getting ----------------------------------------------------------------------------------- */

static void log_set(const struct jwks *j, const struct jwk_set *set)
{
    metric_set(&known, 0, (int64_t)set->n);
    log_info("auth", "key_set", LOG_STR("from", j->spec.place), LOG_INT("keys", (int64_t)set->n),
             LOG_INT("left_out", (int64_t)set->left_out));
    if (set->left_out)
        log_warn("auth", "keys_left_out", LOG_STR("from", j->spec.place),
                 LOG_STR("last", set->why_left_out));
}

static bool same_keys(const struct jwk_set *a, const struct jwk_set *b)
{
    return a && jwk_set_equal(a, b);
}

/* Reads the set outside the lock, because it may take seconds. */
static struct jwk_set *get_set(struct jwks *j, char why[JWK_WHY_BYTES])
{
    const char *text = NULL;
    size_t len = 0;
    struct jwk_set *set = NULL;
    if (jwks_get(j->get, &text, &len, why) == AM_OK)
        set = jwk_set_read(text, len, why);
    metric_add(&gets, set ? OUTCOME_GOT : OUTCOME_FAILED, 1);
    return set;
}

/* Puts a set in the place of the one before. A set of the same keys changes nothing, so that tokens
 * which were checked by it stay known. */
static void use_set(struct jwks *j, struct jwk_set *set)
{
    struct jwk_set *before = set;
    if (!same_keys(j->set, set)) {
        log_set(j, set);
        before = j->set;
        j->set = set;
        j->generation++;
    }
    jwk_set_drop(before);
}

static int first_get(struct jwks *j, char why[JWK_WHY_BYTES])
{
    struct jwk_set *set = get_set(j, why);
    j->got_mono_us = time_mono_us();
    j->asked_mono_us = j->got_mono_us - j->spec.ask_every_us;
    if (set)
        use_set(j, set);
    else if (!j->spec.remote)
        return AM_EINVAL;
    else
        log_warn("auth", "key_set_missing", LOG_STR("from", j->spec.place), LOG_STR("why", why));
    return AM_OK;
}

/* -- askers ------------------------------------------------------------------------------------ */

/* On the loop's thread. `done` may ask again, so nothing is held while it runs. */
static void tell_askers(struct loop_job *job)
{
    struct jwks *j = (struct jwks *)((char *)job - offsetof(struct jwks, told));
    struct asker served[JWKS_ASKERS_MAX];
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    const size_t n = j->n_served;
    memcpy(served, j->askers, n * sizeof *served);
    memmove(j->askers, j->askers + n, (j->n_askers - n) * sizeof *served);
    j->n_askers -= n;
    j->n_served = 0;
    j->telling = false;
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    for (size_t i = 0; i < n; i++)
        served[i].done(served[i].arg);
}

static void serve_askers(struct jwks *j)
{
    j->n_served = j->n_askers;
    if (j->n_served == 0 || j->telling)
        return;
    j->telling = true;
    loop_post(j->spec.loop, &j->told);
}

/* -- the thread -------------------------------------------------------------------------------- */

static int64_t next_us(const struct jwks *j)
{
    if (!j->set)
        return j->got_mono_us + j->spec.try_again_us;
    return j->got_mono_us + (j->spec.remote ? j->spec.refresh_us : LOOK_US);
}

/* Waits for the next time, for somebody who asks, or for the end. False at the end. */
static bool wait_for_work(struct jwks *j)
{
    while (!j->stopping && !j->wanted) {
        const int64_t at_us = next_us(j);
        if (time_mono_us() >= at_us)
            break;
        const struct timespec at = {.tv_sec = at_us / US_PER_S,
                                    .tv_nsec = at_us % US_PER_S * NS_PER_US};
        (void)pthread_cond_timedwait(&j->wake, &j->lock, &at);
    }
    return !j->stopping;
}

/* One turn, under the lock but for the getting itself. A file that has not changed is not read. */
static void turn(struct jwks *j)
{
    char why[JWK_WHY_BYTES] = "";
    j->got_mono_us = time_mono_us();
    j->wanted = false;
    j->getting = true;
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    const bool due = j->spec.remote || jwks_get_changed(j->get);
    struct jwk_set *set = due ? get_set(j, why) : NULL;
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    j->getting = false;
    if (set)
        use_set(j, set);
    else if (due && !j->stopping)
        log_warn("auth", j->set ? "key_set_kept" : "key_set_missing",
                 LOG_STR("from", j->spec.place), LOG_STR("why", why));
    serve_askers(j);
}

static void *run(void *ctx)
{
    struct jwks *j = ctx;
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    while (wait_for_work(j))
        turn(j);
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    return NULL;
}

/* -- life -------------------------------------------------------------------------------------- */

static void set_up(struct jwks *j, const struct jwks_spec *spec)
{
    pthread_condattr_t monotonic;
    j->spec = *spec;
    j->spec.refresh_us = spec->refresh_us ? spec->refresh_us : REFRESH_US;
    j->spec.ask_every_us = spec->ask_every_us ? spec->ask_every_us : ASK_EVERY_US;
    j->spec.try_again_us = spec->try_again_us ? spec->try_again_us : TRY_AGAIN_US;
    j->told.run = tell_askers;
    j->get = jwks_get_new(spec->place, spec->ca, spec->remote);
    AM_ASSERT(pthread_mutex_init(&j->lock, NULL) == 0);
    AM_ASSERT(pthread_condattr_init(&monotonic) == 0);
    AM_ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    AM_ASSERT(pthread_cond_init(&j->wake, &monotonic) == 0);
    AM_ASSERT(pthread_condattr_destroy(&monotonic) == 0);
    metric_register(&gets);
    metric_register(&known);
}

static void give_back(struct jwks *j)
{
    jwks_get_free(j->get);
    jwk_set_drop(j->set);
    AM_ASSERT(pthread_cond_destroy(&j->wake) == 0);
    AM_ASSERT(pthread_mutex_destroy(&j->lock) == 0);
    free(j);
}

int jwks_start(const struct jwks_spec *spec, struct jwks **out, char why[JWK_WHY_BYTES])
{
    struct jwks *j = calloc(1, sizeof *j);
    AM_ASSERT(j != NULL);
    set_up(j, spec);
    int err = first_get(j, why);
    if (err) {
        give_back(j);
        return err;
    }
    AM_ASSERT(pthread_create(&j->thread, NULL, run, j) == 0);
    *out = j;
    return AM_OK;
}

void jwks_free(struct jwks *j)
{
    if (!j)
        return;
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    j->stopping = true;
    jwks_get_stop(j->get);
    AM_ASSERT(pthread_cond_signal(&j->wake) == 0);
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    AM_ASSERT(pthread_join(j->thread, NULL) == 0);
    give_back(j);
}

/* -- use --------------------------------------------------------------------------------------- */

struct jwk_set *jwks_hold(struct jwks *j, uint64_t *generation)
{
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    struct jwk_set *set = j->set ? jwk_set_hold(j->set) : NULL;
    *generation = j->generation;
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    return set;
}

uint64_t jwks_generation(struct jwks *j)
{
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    const uint64_t generation = j->generation;
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    return generation;
}

static bool may_ask(const struct jwks *j)
{
    return j->wanted || j->getting || time_mono_us() - j->asked_mono_us >= j->spec.ask_every_us;
}

bool jwks_may_ask(struct jwks *j)
{
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    const bool may = may_ask(j);
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    return may;
}

/* Getting that is under way serves those who come meanwhile, too: otherwise tokens with invented
 * keys would have one begin when another ends. Between two of them askers are told at once. */
static void want(struct jwks *j)
{
    if (!may_ask(j)) {
        serve_askers(j);
        return;
    }
    j->asked_mono_us = time_mono_us();
    if (j->getting)
        return;
    j->wanted = true;
    AM_ASSERT(pthread_cond_signal(&j->wake) == 0);
}

int jwks_ask(struct jwks *j, void (*done)(void *arg), void *arg)
{
    AM_ASSERT(pthread_mutex_lock(&j->lock) == 0);
    const bool full = j->n_askers == JWKS_ASKERS_MAX;
    if (!full) {
        j->askers[j->n_askers++] = (struct asker){done, arg};
        want(j);
    }
    AM_ASSERT(pthread_mutex_unlock(&j->lock) == 0);
    return full ? AM_EAGAIN : AM_OK;
}
