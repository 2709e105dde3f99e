/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The API keys of this process: an auth_checker (auth/identity.h) with a cache in front of the
 * database.
 *
 * A key that is not here is looked up by its id, in batches, one batch at a time, and after one
 * that found nothing there is a pause; an id that there is not is remembered for five seconds.
 * At the start, and after the database was away, the keys that anybody has used in the last hour
 * are read, so that their bearers wait for no look-up, whoever floods it with ids that he invents.
 * Every key that is here is read again every two seconds, so that a revocation made anywhere holds
 * here before five seconds are over. While the database is away a known key holds for a minute
 * after it was last confirmed; then it is AUTH_UNAVAILABLE, and a stream with it ends. A process
 * that was stopped for a while, or whose test clock was moved on, only asks again.
 *
 * At most KEYRING_KEYS keys are here, the ones used last; one that nobody used for ten minutes is
 * let go of. Only keys that exist take a place, so that inventing ids pushes none out.
 *
 * A key ends by domain time, as all that a tenant sets does. When a key was used is told to the
 * source once an hour, as the hour.
 *
 * Threading: `check` on any thread; all else on the io loop's thread. Ownership: the keyring owns
 * what it keeps; texts of an identity are copied into the arena of the call.
 */

#include "auth/api_key.h"
#include "auth/identity.h"
#include "base/time.h"
#include "io/loop.h"

struct keyring;

#define KEYRING_KEYS 16384
#define KEYRING_LOOKUP_BATCH 128
#define KEYRING_REFRESH_BATCH 512
/* Of those used lately. */
#define KEYRING_RECENT_MOST 4096
/* Calls that wait for a look-up. */
#define KEYRING_ASKS 1024

#define KEYRING_REFRESH_US (2 * US_PER_S)
#define KEYRING_HOLDS_US (60 * US_PER_S)
#define KEYRING_PATIENCE_US (2 * US_PER_S) /* of a call that waits for a look-up */
#define KEYRING_PAUSE_US (10 * US_PER_MS)  /* after a look-up that found none */
#define KEYRING_UNKNOWN_US (5 * US_PER_S)
#define KEYRING_AWAY_US (US_PER_S / 2) /* after a look-up failed, before the next one of this id */
#define KEYRING_IDLE_US (600 * US_PER_S)
#define KEYRING_USE_US (3600 * US_PER_S)

/* A key as the database has it. */
struct keyring_record {
    struct api_key_mark mark;
    int64_t tenant_id;
    const char *tenant, *principal;
    uint32_t roles;
    bool revoked;
    int64_t ends_us; /* domain time from which it does not work; INT64_MAX = never */
    int64_t used_us; /* the hour of its last use that is stored; 0 = none */
};

/* A use to be stored: the hour, by domain time. */
struct keyring_use {
    int64_t tenant_id;
    struct api_key_id id;
    int64_t hour_us;
};

/* A question to the database. The source keeps it until it calls the end. */
struct keyring_job {
    struct keyring *ring;
    size_t n;
    struct api_key_id *ids; /* of a question for keys; NULL: for `n` that were used lately */
    int64_t since_us;       /* of that question: used then or later, by domain time */
    const struct keyring_use *uses; /* of uses to be stored; else NULL */
};
enum keyring_jobs { KEYRING_LOOKUP, KEYRING_REFRESH, KEYRING_NOTE, KEYRING_RECENT, KEYRING_JOBS };

/* Where keys are stored. At most one job of each sort is under way. */
struct keyring_source {
    /* Reads the keys of job->ids, or those used lately: keyring_found() for each that there is,
     * then keyring_job_done(). Or stores job->uses, then keyring_job_done(). Both may be
     * called from within. */
    void (*ask)(void *ctx, enum keyring_jobs sort, struct keyring_job *job);
    void *ctx;
};

/* `record` is of pub->ids[i], or one of those used lately; it is copied. */
void keyring_found(struct keyring_job *pub, size_t i, const struct keyring_record *record);
/* `ok` false: it could not be asked, nothing is known of any. */
void keyring_job_done(struct keyring_job *pub, bool ok);

/* An empty keyring; `time` outlives it. Until it is started nobody can ask for a key. */
struct keyring *keyring_new(struct time_source *time);
/* What the rpc server is given; lives as long as the keyring. */
const struct auth_checker *keyring_checker(const struct keyring *k);
/* Starts to look keys up. `loop` and what the source needs outlive keyring_stop(). */
void keyring_start(struct keyring *k, struct loop *loop, const struct keyring_source *source);
/* Whoever waits is answered; nothing is asked any more. What the source was asked still ends by
 * keyring_job_done(), before keyring_free(). Harmless when it was not started. */
void keyring_stop(struct keyring *k);
/* After the last `check`. */
void keyring_free(struct keyring *k);
