/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sealing/sealed.h"

#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/impl.h"

#define WHERE_BYTES 256

static METRIC_DEFINE(damaged_total, METRIC_COUNTER, "amends_sealed_damaged_total",
                     "Sealed texts that did not open under their customer's key: somebody changed "
                     "or moved them. They are shown empty.");

void sealed_metrics(void)
{
    metric_register(&damaged_total);
}

/* The order reference is part of what makes a claim join, and is looked for. Earlier denials are
 * bytes with reasons in them, of which an erasure leaves the rest. */
static bool is_sealed(const struct table *t, const struct column *c)
{
    if (t != &tables[TABLE_CASE])
        return c->personal;
    if (c->offset == offsetof(struct case_row, earlier_denials))
        return true;
    return c->personal && c->offset != offsetof(struct case_row, order_reference);
}

static bool holds_sealed(const struct column *c, const void *field)
{
    return c->type == PG_TEXT ? seal_is_text(*(const char *const *)field)
                              : seal_is_bytes(*(const struct slice *)field);
}

static bool holds_text(const struct column *c, const void *field)
{
    const char *const *text = field;
    if (c->type != PG_TEXT)
        return ((const struct slice *)field)->len > 0;
    return *text && *text != words_unread && **text;
}

/* -- where a text is --------------------------------------------------------------------------- */

static size_t put(uint8_t *out, size_t at, const void *data, size_t len)
{
    AM_ASSERT(at + len <= WHERE_BYTES);
    memcpy(out + at, data, len);
    return at + len;
}

static size_t put_key(uint8_t *out, size_t at, const struct column *c, const void *field)
{
    int64_t number = 0;
    switch (c->type) {
    case PG_UUID:
        return put(out, at, field, sizeof(struct uuid));
    case PG_INT4:
        number = *(const int32_t *)field;
        break;
    default:
        AM_ASSERT(c->type == PG_INT8);
        number = *(const int64_t *)field;
        break;
    }
    for (int shift = 56; shift >= 0; shift -= 8)
        out[at++] = (uint8_t)((uint64_t)number >> shift);
    return at;
}

/* The names of table and column, each with its NUL, and the primary key. */
static struct slice where_of(const struct table *t, const struct column *c, const void *row,
                             uint8_t out[WHERE_BYTES])
{
    size_t at = put(out, 0, t->name, strlen(t->name) + 1);
    at = put(out, at, c->name, strlen(c->name) + 1);
    for (size_t i = 0; i < t->n_keys; i++)
        at = put_key(out, at, &t->cols[i], (const uint8_t *)row + t->cols[i].offset);
    return slice_of(out, at);
}

/* -- rows -------------------------------------------------------------------------------------- */

/* What is done to one column of a row. */
struct work {
    struct customer_keys *keys;
    const struct seal_key *key; /* NULL = there is none any more */
    bool may_be_newer;          /* another replica may have made one since the keys were read */
    struct arena *arena;
};

static void tell_damaged(const struct table *t, const struct column *c, const void *row)
{
    char id[UUID_TEXT_LEN + 1];
    metric_add(&damaged_total, 0, 1);
    uuid_format((const struct uuid *)((const uint8_t *)row + t->cols[1].offset), id);
    log_error("store", "sealed_damaged", LOG_STR("table", t->name), LOG_STR("column", c->name),
              LOG_STR("case_id", id));
}

static int open_field(const struct work *w, const struct column *c, struct slice where, void *field)
{
    struct sealer *s = customer_keys_sealer(w->keys);
    if (!w->key)
        return AM_ENOENT;
    if (c->type == PG_TEXT)
        return seal_open_text(s, w->key, where, *(const char **)field, w->arena, field);
    return seal_open_bytes(s, w->key, where, *(const struct slice *)field, w->arena, field);
}

static enum sealed_verdict open_column(const struct work *w, const struct table *t,
                                       const struct column *c, void *row)
{
    uint8_t where[WHERE_BYTES];
    void *field = (uint8_t *)row + c->offset;
    if (!holds_sealed(c, field))
        return SEALED_DONE;
    const int rc = open_field(w, c, where_of(t, c, row, where), field);
    if (rc == AM_ENOMEM)
        return SEALED_FULL;
    if (rc == AM_ENOENT && w->may_be_newer)
        return SEALED_ASK;
    if (rc == AM_EPROTO)
        tell_damaged(t, c, row);
    if (rc != AM_OK && c->type == PG_TEXT)
        *(const char **)field = "";
    else if (rc != AM_OK)
        *(struct slice *)field = slice_of("", 0);
    return SEALED_DONE;
}

static enum sealed_verdict seal_column(const struct work *w, const struct table *t,
                                       const struct column *c, void *row)
{
    uint8_t bytes[WHERE_BYTES];
    struct sealer *s = customer_keys_sealer(w->keys);
    const struct slice where = where_of(t, c, row, bytes);
    void *field = (uint8_t *)row + c->offset;
    int rc = AM_OK;
    if (!holds_text(c, field))
        return SEALED_DONE;
    if (c->type == PG_TEXT)
        rc = seal_text(s, w->key, where, *(const char **)field, w->arena, field);
    else
        rc = seal_bytes(s, w->key, where, *(const struct slice *)field, w->arena, field);
    return rc == AM_OK ? SEALED_DONE : SEALED_FULL;
}

typedef enum sealed_verdict column_work(const struct work *w, const struct table *t,
                                        const struct column *c, void *row);

static enum sealed_verdict each_column(const struct work *w, const struct table *t, void *row,
                                       column_work *fn)
{
    enum sealed_verdict verdict = SEALED_DONE;
    for (size_t i = t->n_keys; i < t->n_cols && verdict == SEALED_DONE; i++)
        if (is_sealed(t, &t->cols[i]))
            verdict = fn(w, t, &t->cols[i], row);
    return verdict;
}

static bool any_column(const struct table *t, const void *row,
                       bool (*holds)(const struct column *c, const void *field))
{
    for (size_t i = t->n_keys; i < t->n_cols; i++)
        if (is_sealed(t, &t->cols[i]) &&
            holds(&t->cols[i], (const uint8_t *)row + t->cols[i].offset))
            return true;
    return false;
}

/* -- cases ------------------------------------------------------------------------------------- */

static const enum table_id parts[] = {TABLE_REMEDY,       TABLE_PROMISE, TABLE_OFFER,
                                      TABLE_CONTACT,      TABLE_SIGNAL,  TABLE_ACT,
                                      TABLE_EVENT_PRIVATE};
#define PARTS (sizeof parts / sizeof *parts)

/* Calls `fn` with every row of the case that can have sealed columns, until it says true. */
static bool each_row(struct case_state *c, bool (*fn)(void *ctx, const struct table *t, void *row),
                     void *ctx)
{
    if (fn(ctx, &tables[TABLE_CASE], &c->row))
        return true;
    for (size_t p = 0; p < PARTS; p++) {
        const struct table *t = &tables[parts[p]];
        const struct rows *rows = case_rows_of(c, parts[p]);
        for (size_t i = 0; i < rows->n; i++)
            if (fn(ctx, t, (uint8_t *)rows->items + i * t->row_size))
                return true;
    }
    return false;
}

static bool row_is_sealed(void *ctx, const struct table *t, void *row)
{
    (void)ctx;
    return any_column(t, row, holds_sealed);
}

static bool is_written(const void *row)
{
    const enum row_change change = ((const struct row *)row)->change;
    return change == ROW_NEW || change == ROW_CHANGED;
}

static bool row_is_to_be_sealed(void *ctx, const struct table *t, void *row)
{
    (void)ctx;
    return is_written(row) && any_column(t, row, holds_text);
}

/* The walk over a case's rows, and how it ended. */
struct walk {
    struct work work;
    enum sealed_verdict verdict;
};

static bool open_one(void *ctx, const struct table *t, void *row)
{
    struct walk *w = ctx;
    w->verdict = each_column(&w->work, t, row, open_column);
    return w->verdict != SEALED_DONE;
}

static bool seal_one(void *ctx, const struct table *t, void *row)
{
    struct walk *w = ctx;
    if (is_written(row))
        w->verdict = each_column(&w->work, t, row, seal_column);
    return w->verdict != SEALED_DONE;
}

static enum sealed_verdict key_of(struct customer_keys *keys, int64_t tenant_id,
                                  const char *customer_id, enum customer_key_use use,
                                  const struct seal_key **key)
{
    if (!keys)
        return SEALED_LOCKED;
    switch (customer_keys_find(keys, tenant_id, customer_id, use, key)) {
    case CUSTOMER_KEY_UNKNOWN:
        return SEALED_ASK;
    case CUSTOMER_KEY_LOCKED:
        return SEALED_LOCKED;
    default:
        return SEALED_DONE;
    }
}

static enum sealed_verdict begin_opening(struct work *w, int64_t tenant_id, const char *customer_id,
                                         int64_t since_us)
{
    const enum sealed_verdict verdict =
        key_of(w->keys, tenant_id, customer_id, CUSTOMER_KEY_OPENS, &w->key);
    if (verdict == SEALED_DONE)
        w->may_be_newer = customer_keys_read_us(w->keys, tenant_id, customer_id) < since_us;
    return verdict;
}

enum sealed_verdict sealed_open_case(struct customer_keys *keys, struct case_state *c,
                                     int64_t since_us, struct arena *arena)
{
    struct walk w = {.work = {.keys = keys, .arena = arena}};
    if (!each_row(c, row_is_sealed, NULL))
        return SEALED_DONE;
    w.verdict = begin_opening(&w.work, c->row.tenant_id, c->row.customer_id, since_us);
    if (w.verdict == SEALED_DONE)
        (void)each_row(c, open_one, &w);
    return w.verdict;
}

enum sealed_verdict sealed_open_row(struct customer_keys *keys, const struct table *t,
                                    const char *customer_id, void *row, int64_t since_us,
                                    struct arena *arena)
{
    struct work w = {.keys = keys, .arena = arena};
    if (!any_column(t, row, holds_sealed))
        return SEALED_DONE;
    const int64_t tenant_id = *(const int64_t *)((const uint8_t *)row + t->cols[0].offset);
    const enum sealed_verdict verdict = begin_opening(&w, tenant_id, customer_id, since_us);
    return verdict == SEALED_DONE ? each_column(&w, t, row, open_column) : verdict;
}

enum sealed_verdict sealed_seal_case(struct customer_keys *keys, struct case_state *c,
                                     struct arena *arena)
{
    struct walk w = {.work = {.keys = keys, .arena = arena}};
    if (!keys || !each_row(c, row_is_to_be_sealed, NULL))
        return SEALED_DONE;
    w.verdict = key_of(keys, c->row.tenant_id, c->row.customer_id, CUSTOMER_KEY_SEALS, &w.work.key);
    if (w.verdict == SEALED_DONE && !w.work.key)
        return SEALED_ASK;
    if (w.verdict == SEALED_DONE)
        (void)each_row(c, seal_one, &w);
    return w.verdict;
}
