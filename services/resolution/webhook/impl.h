/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files about webhooks share. Private to resolution/webhook.
 *
 * Threading: io loop's thread. Ownership: a hook owns its items; jobs of rows belong to the engine
 * of deliveries.
 */

#include "case/message/event_filter.h"
#include "outbound/http.h"
#include "resolution/delivery/read.h"
#include "resolution/webhook/sign.h"
#include "resolution/webhook/webhooks.h"
#include "shared/feed_wake.h"
#include "store/lists/feed.h"

#define HOOK_ID_MAX 64
#define HOOK_URL_MAX 2000
#define HOOK_RECEIVER_MAX (HOOK_ID_MAX + 16)
#define HOOKS_TENANT_MAX 100        /* webhooks of a tenant */
#define HOOKS_SERVED_MAX 500        /* by one replica */
#define HOOK_ITEMS 1024             /* events between the cursor and what was read */
#define HOOK_READ 500               /* events of one read */
#define HOOK_BYTES_MAX (1u << 20)   /* of bodies that are not sent yet; then nothing more is read */
#define HOOKS_BYTES_MAX (16u << 20) /* of all webhooks: each has its share */
#define HOOK_HELD_MAX 1024          /* cases of which something waits */
#define HOOK_HOLD_US (300 * US_PER_S)
#define HOOK_REQUESTS_MAX 512 /* of all webhooks of the process */
#define HOOK_PROBES 3         /* requests at once to a receiver that failed everything */
#define HOOK_BAD_MAX 10       /* so many failures in a row, and it fails everything */

/* A webhook's row. */
struct hook_row {
    int64_t tenant_id;
    char webhook_id[HOOK_ID_MAX + 1];
    const char *tenant, *url, *reason, *created_by, *last_error;
    struct slice filter; /* packed */
    int16_t signing, state;
    bool personal, notifications;
    int64_t created_at, changed_at, generation;
    struct feed_position cursor;
    int64_t current_at, paused_until;
    int32_t failures;
    int64_t delivered, last_at;
    int32_t last_status;
    int64_t lease_number;
    int32_t epoch; /* the tenant's */
    struct hook_key keys[HOOK_KEYS_MAX];
    size_t n_keys;
    bool locked; /* a key is under a master key that is not here */
};

/* The columns of hook_sql_get and its like; texts in `arena`. */
int hook_row_load(const struct pg_rows *rows, int row, struct arena *arena,
                  struct hook_row *out) AM_MUSTCHECK;
/* A row of hook_sql_keys. Without the master key the row is `locked`. */
void hook_key_load(const struct pg_rows *rows, int row, const struct masters *masters,
                   struct hook_row *out);

/* secret.c: the bytes as they are stored, and back. `where` is the webhook. */
#define HOOK_STORED_MAX 64
struct hook_stored {
    uint8_t bytes[HOOK_STORED_MAX];
    size_t len;
    const char *master; /* "" = in the open */
};
void hook_secret_store(const struct masters *masters, const struct hook_row *hook,
                       const struct hook_key *key, struct hook_stored *out);
bool hook_secret_open(const struct masters *masters, const struct hook_row *hook,
                      const char *master, struct slice bytes, struct hook_key *key) AM_MUSTCHECK;

/* An event between the cursor and what was read. */
enum item_state {
    ITEM_WAITS, /* to be sent */
    ITEM_SENDS,
    ITEM_FAILED, /* once or more; what becomes of it depends on the others */
    ITEM_ROW,    /* to be written as a row, or written */
    ITEM_DONE,
};

struct hook;

struct item {
    struct feed_position at;
    enum item_state state;
    uint64_t before; /* the number of the event of the same case before it */
    char *body;      /* NULL once it is not needed, and of what waits: it is read again */
    size_t len;
    int64_t event_at;  /* domain time */
    int64_t failed_at; /* when it failed for the first time; 0 = it has not */
    int32_t status;    /* of the last answer */
    char *error;       /* the same; NULL = none */
    int16_t row_state; /* ITEM_ROW: what is written */
    int32_t row_attempts;
    int64_t row_next_at;
};

/* A case of which rows wait. */
struct held {
    struct uuid case_id;
    int64_t until_us;  /* later events wait for so long */
    int64_t first_seq; /* of the one that failed; 0 = none is known to */
    int32_t rows;
    bool wake; /* one of them has ended: those behind it need not wait any longer */
};

struct webhooks;

struct hook {
    struct list link; /* in webhooks.served */
    struct webhooks *all;
    struct arena config_arena; /* of row and filter */
    struct hook_row row;
    struct event_filter filter;
    char receiver[HOOK_RECEIVER_MAX];
    int64_t leased_until_us; /* shared time */
    bool kept;               /* in the renewal under way */
    bool gone;               /* the lease is lost: nothing more is begun, and then it is freed */
    bool loading, reload, ready;
    bool pumping; /* in hook_pump() */
    /* Items number first .. first + n - 1; number % HOOK_ITEMS is the place. */
    struct item items[HOOK_ITEMS];
    uint64_t first, n, next_send;
    size_t bytes;
    struct feed_position read_at; /* behind all that was read */
    bool behind;                  /* the last read found that there is more */
    bool reading, fresh;          /* fresh: the last read found the end */
    bool forgot;                  /* the read under way is of no use */
    bool woken;                   /* something was committed since the read began */
    int64_t read_us, wait_us;     /* monotonic: when the next read is, and how long it waited */
    int64_t asked_at;             /* domain time of the read */
    int64_t current_at;           /* everything until then was read */
    struct arena read_arena;
    struct store_read read;
    unsigned sending, busy; /* requests under way; and other things that are */
    unsigned bad;           /* failures since the last success */
    int64_t taken_us;       /* monotonic: the last success since the last pause; 0 = none */
    bool probing;
    /* Rows. */
    struct held held[HOOK_HELD_MAX];
    size_t n_held;
    bool many_held; /* more than are known here */
    bool rows_asked, rows_fresh;
    int64_t rows_us;
    struct list jobs; /* of struct row_job */
    size_t n_jobs;
    unsigned job_reads;
    /* What is to be written. */
    bool dirty, writing, renewing, rows_written;
    int64_t write_us;
    uint64_t writing_n;
    int64_t delivered, writing_delivered;
    int64_t last_at;
    int32_t last_status;
    char last_error[DELIVERY_TEXT_BYTES + 1];
    char reason[160];
};

struct webhooks {
    struct webhooks_config config;
    struct service *service;
    struct http *http;
    struct loop_timer *tick;
    struct list served, sendings;
    struct feed_listener listener;
    size_t n_served;
    bool stopped, claiming, renewing, counting;
    int64_t claim_us, renew_us, count_us, figures_us; /* monotonic: when it is done next */
    int64_t claimed_until_us, renewed_until_us;       /* shared time: what is asked for */
};

int64_t webhooks_now_us(const struct webhooks *w); /* domain time */
struct sender_read *
webhooks_read(struct webhooks *w, int64_t tenant_id,
              void (*rows)(struct pg_read *r, size_t i, const struct pg_rows *rows),
              void (*ended)(struct sender_read *r, const struct fault *fault), void *ctx);

/* lease.c */
void hook_lease_tick(struct webhooks *w);
void hook_lease_release(struct webhooks *w);
/* True while a request may be begun. */
bool hook_lease_lasts(const struct hook *h);

/* hook.c: does whatever can be done now. After anything has changed. */
void hook_pump(struct hook *h);
void hook_free(struct hook *h);
struct hook *hook_new(struct webhooks *w, const struct pg_rows *rows, int row);
/* Somebody changed it: reads its row, keys and held cases again. */
void hook_load(struct hook *h);
bool hook_settled(const struct hook *h);
/* The receiver answered, or did not: the whole hook pauses, ends, or goes on. */
void hook_heard(struct hook *h, const struct http_request *r);

/* window.c */
struct item *hook_window_at(struct hook *h, uint64_t number);
void hook_window_read(struct hook *h);
/* The tenant has new events. */
void hook_window_woken(struct hook *h);
/* The number of the next item that may be sent now; 0 = there is none. Items that have to wait for
 * rows become rows. */
uint64_t hook_window_next(struct hook *h, bool *out_of_order);
/* Failed items are tried again, or become rows. */
void hook_window_again(struct hook *h);
void hook_window_to_rows(struct hook *h);
void hook_window_clear(struct hook *h);
/* Keeps no bodies, and nothing that was never sent: all that is read again. While the receiver is
 * away for days customers may be erased, and many webhooks may be as long as that. */
void hook_window_forget(struct hook *h);
/* The first `n` are no longer needed. */
void hook_window_pop(struct hook *h, uint64_t n);
void hook_window_drop_body(struct hook *h, struct item *it);

/* write.c: the cursor with the rows. */
void hook_write_pump(struct hook *h);
void hook_write_metrics(void);

/* An attempt ended so, and its event happened so long ago. */
void hook_metrics_delivered(enum delivery_outcome outcome, int64_t lag_us);

/* row.c: rows of deliveries that are due. */
struct row_job {
    struct list link;
    struct hook *hook;
    struct delivery_job *job;
    struct feed_position at;              /* of its event */
    struct notification_row notification; /* that it tells of */
    bool gone;                            /* the notification is purged */
    const char *reference;                /* of its case, "" = it has none */
    struct arena arena;
    struct store_read read;
    bool asked, sent; /* its event was asked for; it was sent */
    const char *body; /* NULL = it is not here yet */
};
#define HOOK_JOBS_MAX 100 /* rows that are here to be sent */
#define HOOK_JOB_READS 20 /* of their events at once */
/* At most `most` requests are under way. */
void hook_rows_pump(struct hook *h, unsigned most);
/* Gives back what is not sent yet: the hook is paused, is to be loaded, or is served by another
 * replica. */
void hook_rows_give_back(struct hook *h);
/* Lets rows go that waited for one that has ended. Not while rows are being written. */
void hook_held_pump(struct hook *h);
struct held *hook_held_find(struct hook *h, const struct uuid *case_id);
struct held *hook_held_add(struct hook *h, const struct uuid *case_id);

/* send.c: a request with all it needs, signed now. Whoever made it sends request and frees it. */
struct sending {
    struct http_request request;
    struct list link; /* of those under way, so that they can be freed at the end */
    struct hook *hook;
    void *owner;
    uint64_t number; /* of the item */
    int64_t begun_us;
    char *body, *url;
    char headers[4][HOOK_KEYS_MAX * HOOK_SIGNATURE_TEXT + 64];
};
struct sending *hook_sending_new(struct webhooks *w, const struct hook_row *row, const char *id,
                                 const char *body, void (*done)(struct http_request *r));
void hook_sending_free(struct sending *s);
/* What an answer means for one delivery. */
struct delivery_answer hook_send_judge(const struct http_request *r);

/* body.c: bodies as texts in `arena`; NULL when it is full. */
#define HOOK_EVENT_ID 64
void hook_body_event_id(const struct uuid *case_id, int64_t seq, char out[HOOK_EVENT_ID]);
/* `epoch`: the tenant's present one. */
const char *hook_body_event(const struct service *s, const struct hook_row *hook,
                            const struct feed_row *row, int32_t epoch, struct arena *arena);
const char *hook_body_test(const struct hook_row *hook, const char *id, int64_t now_us,
                           struct arena *arena);
/* `reference`: of its case, "" = it has none. `link`: the pattern of policy. */
const char *hook_body_notification(const struct hook_row *hook,
                                   const struct notification_row *notification,
                                   const char *reference, const char *link, struct arena *arena);
/* Sets amendsoutoforder in a finished body; NULL when the arena is full. */
const char *hook_body_out_of_order(const char *body, struct arena *arena);
