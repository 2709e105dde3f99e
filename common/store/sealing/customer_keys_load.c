/* SPDX-License-Identifier: Apache-2.0 */

/* From the cache to the table: who is asked for in one turn of the loop is read in one statement,
 * and who has no key and needs one gets one in another. One of each is on its way at a time. */

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "contract/reasons.h"
#include "store/sealing/customer_keys_impl.h"

#define ARENA_BYTES (1u << 20)
#define DEADLINE_US (10 * US_PER_S)

static METRIC_DEFINE(made_total, METRIC_COUNTER, "amends_customer_keys_made_total",
                     "Keys of customers that this process made.");
static METRIC_DEFINE(locked_total, METRIC_COUNTER, "amends_customer_keys_locked_total",
                     "Keys of customers that were read and that no master key of the file opens.");

struct slice keys_where(struct arena *arena, int64_t tenant_id, const char *customer_id)
{
    const char *text = arena_printf(arena, "%lld %s", (long long)tenant_id, customer_id);
    AM_ASSERT(text != NULL);
    return slice_str(text);
}

/* -- statements -------------------------------------------------------------------------------- */

/* A key that is lost takes all with it that it sealed, so making one is awaited on a standby. */
#define LASTING "set_config('synchronous_commit', current_setting('" PG_LASTING "'), true) <> ''"

/* $1 tenants, $2 customers */
static const char read_sql[] =
    "select k.ord, c.key_id, c.wrapped, c.master, c.made_at"
    " from unnest($1::int8[], $2::text[]) with ordinality k(tenant_id, customer_id, ord)"
    " cross join lateral (select x.key_id, x.wrapped, x.master, x.made_at from customer_key x"
    " where x.tenant_id = k.tenant_id and x.customer_id = k.customer_id offset 0) c";
/* $3 key ids, $4 wrapped keys, $5 the master's name, $6 now. Of two who make one for a customer at
 * once the first one wins, and both read it. */
static const char make_sql[] =
    "insert into customer_key (tenant_id, customer_id, key_id, wrapped, master, made_at)"
    " select k.tenant_id, k.customer_id, k.key_id, k.wrapped, $5::text, $6::timestamptz"
    " from unnest($1::int8[], $2::text[], $3::bytea[], $4::bytea[])"
    " k(tenant_id, customer_id, key_id, wrapped) where " LASTING
    " on conflict (tenant_id, customer_id) do nothing";
/* $1 tenants, $2 customers, $3 made until */
static const char destroy_sql[] =
    "delete from customer_key x"
    " using unnest($1::int8[], $2::text[], $3::timestamptz[]) k(tenant_id, customer_id, until)"
    " where x.tenant_id = any (array[k.tenant_id]) and x.customer_id = k.customer_id"
    " and x.made_at <= k.until and " LASTING;

const struct pg_stmt customer_keys_stmts[CUSTOMER_KEYS_STMTS] = {
    [KEYS_READ] = {"customer_keys_read", read_sql},
    [KEYS_MAKE] = {"customer_keys_make", make_sql},
    [KEYS_DESTROY] = {"customer_keys_destroy", destroy_sql},
};

/* -- the lines --------------------------------------------------------------------------------- */

void keys_line_up(struct customer_keys *k, struct key_entry *e, enum keys_batch_kind kind)
{
    if (!e->asked)
        k->n_asked++;
    e->asked = true;
    list_push_back(&k->lines[kind], &e->line);
    loop_before_sleep(k->loop, &k->flush);
}

/* Whoever is told may ask again at once. */
static void settle(struct customer_keys *k, struct key_entry *e, const struct fault *fault)
{
    struct list waiters, *link;
    list_init(&waiters);
    while ((link = list_pop_front(&e->waiters)))
        list_push_back(&waiters, link);
    e->asked = e->make = false;
    e->destroy_until_us = 0;
    k->n_asked--;
    while ((link = list_pop_front(&waiters))) {
        struct customer_keys_wait *w = CONTAINER_OF(link, struct customer_keys_wait, link);
        w->done(w, fault);
    }
}

/* -- results ----------------------------------------------------------------------------------- */

static void open_key(struct keys_batch *b, struct key_entry *e, const struct pg_rows *rows, int row)
{
    struct customer_keys *k = b->keys;
    const struct slice id = pg_bytes(rows, row, 1), wrapped = pg_bytes(rows, row, 2);
    const struct master_key *master = masters_find(k->masters, pg_text(rows, row, 3));
    const struct slice where = keys_where(&b->arena, e->tenant_id, e->customer_id);
    e->state = CUSTOMER_KEY_LOCKED;
    e->made_us = pg_time_us(rows, row, 4);
    if (master && id.len == SEAL_ID_BYTES) {
        memcpy(e->key.id, id.data, SEAL_ID_BYTES);
        if (seal_unwrap(k->sealer, master, where, wrapped, &e->key) == AM_OK)
            e->state = CUSTOMER_KEY_HERE;
    }
    if (e->state == CUSTOMER_KEY_HERE)
        return;
    metric_add(&locked_total, 0, 1);
    log_error("store", "customer_key_locked", LOG_STR("master", pg_text(rows, row, 3)),
              LOG_STR("why", master ? "it does not open: it was changed or moved"
                                    : "the file of master keys has no key of this name"));
}

/* Column 0: the place of the customer in the batch, from 1. */
static void batch_rows(struct pg_read *read, size_t i, const struct pg_rows *rows)
{
    struct keys_batch *b = read->ctx;
    (void)i;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        const int64_t ord = pg_int(rows, row, 0);
        AM_ASSERT(ord >= 1 && (size_t)ord <= b->n);
        b->found[ord - 1] = true;
        if (b->kind == KEYS_READ)
            open_key(b, b->entries[ord - 1], rows, row);
    }
}

/* What is still to be done for an entry; KEYS_KINDS when nothing is. What was made is read, too,
 * because another replica may have been first. */
static enum keys_batch_kind next_of(const struct keys_batch *b, const struct key_entry *e,
                                    bool found)
{
    if (b->kind == KEYS_MAKE)
        return KEYS_READ;
    if (b->kind == KEYS_DESTROY)
        return KEYS_READ;
    if (e->destroy_until_us)
        return KEYS_DESTROY;
    return !found && e->make ? KEYS_MAKE : KEYS_KINDS;
}

static void end_entry(struct keys_batch *b, size_t i, const struct fault *fault)
{
    struct customer_keys *k = b->keys;
    struct key_entry *e = b->entries[i];
    const enum keys_batch_kind next = fault ? KEYS_KINDS : next_of(b, e, b->found[i]);
    if (!fault && b->kind == KEYS_DESTROY)
        e->destroy_until_us = 0;
    if (next != KEYS_KINDS) {
        list_push_back(&k->lines[next], &e->line);
        return;
    }
    if (!fault) {
        e->state = b->found[i] ? e->state : CUSTOMER_KEY_NONE;
        e->made_us = b->found[i] ? e->made_us : 0;
        e->confirmed_us = time_mono_us();
    }
    settle(k, e, fault);
}

static void batch_done(struct pg_read *read, const struct fault *fault)
{
    struct keys_batch *b = read->ctx;
    struct customer_keys *k = b->keys;
    struct key_entry *entries[KEYS_BATCH];
    const size_t n = b->n;
    memcpy(entries, b->entries, n * sizeof *entries);
    if (!fault && b->kind == KEYS_MAKE)
        metric_add(&made_total, 0, (int64_t)n);
    for (size_t i = 0; i < n; i++)
        end_entry(b, i, fault);
    b->n = 0;
    arena_reset(&b->arena);
    loop_before_sleep(k->loop, &k->flush);
}

/* -- parameters -------------------------------------------------------------------------------- */

static void arg_customers(struct keys_batch *b, struct pg_args *args)
{
    struct pg_array tenant, customer;
    pg_array_init(&tenant, &b->arena, PG_INT8, b->n);
    pg_array_init(&customer, &b->arena, PG_TEXT, b->n);
    for (size_t i = 0; i < b->n; i++) {
        pg_array_int(&tenant, b->entries[i]->tenant_id);
        pg_array_text(&customer, b->entries[i]->customer_id);
    }
    pg_arg_array(args, &tenant);
    pg_arg_array(args, &customer);
}

static void add_new_key(struct keys_batch *b, const struct key_entry *e, struct pg_array *id,
                        struct pg_array *wrapped)
{
    struct seal_key key;
    uint8_t bytes[SEAL_WRAPPED_BYTES];
    seal_key_make(&key);
    seal_wrap(b->keys->sealer, &b->keys->masters->keys[0],
              keys_where(&b->arena, e->tenant_id, e->customer_id), &key, bytes);
    pg_array_bytes(id, slice_of(key.id, sizeof key.id));
    pg_array_bytes(wrapped, slice_of(bytes, sizeof bytes));
    OPENSSL_cleanse(&key, sizeof key);
}

static void arg_until(struct keys_batch *b, struct pg_args *args)
{
    struct pg_array until;
    pg_array_init(&until, &b->arena, PG_TIMESTAMPTZ, b->n);
    for (size_t i = 0; i < b->n; i++)
        pg_array_time(&until, b->entries[i]->destroy_until_us);
    pg_arg_array(args, &until);
}

static void arg_new_keys(struct keys_batch *b, struct pg_args *args)
{
    struct pg_array id, wrapped;
    pg_array_init(&id, &b->arena, PG_BYTEA, b->n);
    pg_array_init(&wrapped, &b->arena, PG_BYTEA, b->n);
    for (size_t i = 0; i < b->n; i++)
        add_new_key(b, b->entries[i], &id, &wrapped);
    pg_arg_array(args, &id);
    pg_arg_array(args, &wrapped);
    pg_arg_text(args, b->keys->masters->keys[0].name);
    pg_arg_time(args, time_now_us(loop_time(b->keys->loop)));
}

static void send(struct customer_keys *k, struct keys_batch *b)
{
    struct pg_args *args = &b->read.q[0].args;
    b->read = (struct pg_read){.n = 1,
                               .deadline_us = time_mono_us() + DEADLINE_US,
                               .lasting = b->kind != KEYS_READ,
                               .rows = batch_rows,
                               .done = batch_done,
                               .ctx = b};
    b->read.q[0].stmt = k->first_stmt + b->kind;
    pg_args_init(args, &b->arena);
    arg_customers(b, args);
    if (b->kind == KEYS_MAKE)
        arg_new_keys(b, args);
    if (b->kind == KEYS_DESTROY)
        arg_until(b, args);
    pg_read(k->pg, &b->read);
}

static void flush_line(struct customer_keys *k, enum keys_batch_kind kind)
{
    struct keys_batch *b = &k->batches[kind];
    struct list *link;
    if (b->n > 0)
        return;
    memset(b->found, 0, sizeof b->found);
    while (b->n < KEYS_BATCH && (link = list_pop_front(&k->lines[kind])))
        b->entries[b->n++] = CONTAINER_OF(link, struct key_entry, line);
    if (b->n > 0)
        send(k, b);
}

static void flush(struct loop_idle *idle)
{
    struct customer_keys *k = CONTAINER_OF(idle, struct customer_keys, flush);
    for (unsigned kind = 0; kind < KEYS_KINDS; kind++)
        flush_line(k, kind);
}

void keys_load_begin(struct customer_keys *k)
{
    k->flush.run = flush;
    for (unsigned kind = 0; kind < KEYS_KINDS; kind++) {
        struct keys_batch *b = &k->batches[kind];
        list_init(&k->lines[kind]);
        b->keys = k;
        b->kind = kind;
        arena_init(&b->arena, ARENA_BYTES);
    }
    metric_register(&made_total);
    metric_register(&locked_total);
}

/* -- the end ----------------------------------------------------------------------------------- */

/* What waits in a line when the process ends. */
void keys_load_end(struct customer_keys *k)
{
    static const struct fault fault = {.code = FAULT_UNAVAILABLE,
                                       .reason = ERROR_REASON_DRAINING,
                                       .message = "the server is shutting down"};
    for (unsigned kind = 0; kind < KEYS_KINDS; kind++) {
        struct list *link;
        while ((link = list_pop_front(&k->lines[kind])))
            settle(k, CONTAINER_OF(link, struct key_entry, line), &fault);
        AM_ASSERT(k->batches[kind].n == 0);
        arena_free(&k->batches[kind].arena);
    }
}
