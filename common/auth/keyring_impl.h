/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside the keyring: the keys that are here and what is known of ids that are not (keyring.c), and
 * the questions to the database (keyring_feed.c).
 *
 * Threading: `lock` guards the keys and the notes; the rest belongs to the io loop's thread.
 * Ownership: the keyring owns all of it.
 */

#include <pthread.h>

#include "auth/keyring.h"
#include "base/list.h"

#define KEYRING_BUCKETS 16384 /* a power of two */
#define KEYRING_NOTES 4096    /* a power of two */

/* A key that is here. */
struct ring_key {
    struct ring_key *next; /* in its bucket */
    struct list used;      /* the one used last is the last */
    struct api_key_mark mark;
    int64_t tenant_id;
    uint32_t roles;
    bool revoked;
    int64_t ends_us;
    int64_t confirmed_us, confirmed_mono_us; /* when it was read, by domain and by monotonic time */
    int64_t asked_mono_us;                /* when somebody used it, or has a stream open with it */
    int64_t used_hour_us, stored_hour_us; /* the hour of the last use, and of the one stored */
    const char *tenant;
    char names[]; /* the principal, and behind its NUL the tenant */
};

/* What became of the look-up of an id that is not here, or that could not be confirmed. */
struct ring_note {
    struct api_key_id id;
    bool away; /* else there is no such key */
    int64_t until_mono_us;
};

/* A call that waits for a look-up. */
struct ring_ask {
    struct list link;
    struct api_key_id id;
    void (*done)(void *arg); /* NULL: nobody waits */
    void *arg;
    int64_t since_mono_us;
    bool sent; /* the look-up under way asks for it */
};

/* A job with the room for what it asks, and when it was sent. */
struct ring_job {
    struct keyring_job pub;
    bool busy;
    int64_t sent_us, sent_mono_us;
};

struct keyring {
    struct auth_checker checker;
    struct time_source *time;
    pthread_mutex_t lock;
    uint64_t seed; /* of the buckets and the notes */
    struct ring_key *buckets[KEYRING_BUCKETS];
    struct ring_note notes[KEYRING_NOTES];
    struct list used;
    size_t n_keys;
    int64_t failed_us, failed_mono_us; /* when the last question for keys was sent that failed */

    struct loop *loop; /* NULL: not started, or stopped */
    struct keyring_source source;
    struct ring_job jobs[KEYRING_JOBS];
    struct api_key_id lookup_ids[KEYRING_LOOKUP_BATCH];
    struct api_key_id refresh_ids[KEYRING_REFRESH_BATCH];
    bool refresh_found[KEYRING_REFRESH_BATCH];
    struct keyring_use uses[KEYRING_REFRESH_BATCH];
    size_t walk; /* the bucket that the walk under way comes to next */
    int64_t walk_began_us;
    struct loop_timer *tick;     /* begins the next walk */
    struct loop_timer *patience; /* runs while somebody waits */
    struct loop_timer *pause;    /* runs while no look-up may be sent */
    bool recent_read;            /* keys used lately need not be asked for */
    bool lookup_found;           /* the look-up under way has found a key */
    struct loop_idle send;       /* sends the look-up at the end of the turn */
    struct list asks;            /* oldest first */
    size_t n_asks;
};

/* -- keyring.c: all but ring_lock() with the lock held ---------------------------------------- */

void ring_lock(struct keyring *k);
void ring_unlock(struct keyring *k);

struct ring_key *ring_find(const struct keyring *k, const struct api_key_id *id);
/* Takes what was read into the keys, as confirmed at the times given. */
void ring_put(struct keyring *k, const struct keyring_record *record, int64_t now_us,
              int64_t mono_us);
void ring_drop(struct keyring *k, struct ring_key *key);
/* Remembers that there is no such key, or that it could not be asked. */
void ring_note(struct keyring *k, const struct api_key_id *id, bool away);
/* True when a note of this id says so and still holds. */
bool ring_noted(const struct keyring *k, const struct api_key_id *id, bool away);
/* True when the key was confirmed lately enough. */
bool ring_holds(const struct keyring *k, const struct ring_key *key);
/* True when it was not, and asking since has failed. */
bool ring_lapsed(const struct keyring *k, const struct ring_key *key);
/* Somebody uses the key. */
void ring_use(struct keyring *k, struct ring_key *key);

/* -- keyring_feed.c ---------------------------------------------------------------------------- */

/* auth_checker.ask for an id; `done` may be NULL. */
int ring_ask(struct keyring *k, const struct api_key_id *id, void (*done)(void *arg), void *arg);
void ring_metrics(void);
