/* SPDX-License-Identifier: Apache-2.0 */

/* Work lists: asking for them and taking their rows. */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "contract/words.h"
#include "store/impl.h"
#include "store/lists/work_list.h"

/* -- places ------------------------------------------------------------------------------------ */

int work_place_compare(const struct work_place *a, const struct work_place *b)
{
    if (a->at_us != b->at_us)
        return a->at_us < b->at_us ? -1 : 1;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return memcmp(&a->id, &b->id, sizeof(a->id));
}

/* Of a source before the place's own nothing of that instant is left, of one behind it all. */
static struct uuid go_on_from(const struct work_place *after, unsigned source)
{
    struct uuid id = after->id;
    if ((int)source != after->source)
        memset(&id, (int)source < after->source ? 0xff : 0, sizeof(id));
    return id;
}

/* -- asking ------------------------------------------------------------------------------------ */

static void arg_owners(struct store_read *r, struct pg_args *args, const struct work_owner *owners,
                       size_t n)
{
    struct pg_array level, id;
    AM_ASSERT(n <= WORK_OWNERS_MAX);
    pg_array_init(&level, r->arena, PG_INT4, n);
    pg_array_init(&id, r->arena, PG_TEXT, n);
    for (size_t i = 0; i < n; i++) {
        pg_array_int(&level, owners[i].level);
        pg_array_text(&id, owners[i].id);
    }
    pg_arg_array(args, &level);
    pg_arg_array(args, &id);
}

void store_list_work(struct store *s, struct store_read *r, const struct work_query *q)
{
    AM_ASSERT(q->sources != 0);
    store_read_begin(r);
    for (unsigned source = 0; source < WORK_SOURCES; source++) {
        if (!(q->sources >> source & 1))
            continue;
        const struct uuid id = go_on_from(&q->after, source);
        struct pg_args *args = store_read_add(r, STMT_WORK_LIST + source);
        pg_arg_int8(args, r->tenant_id);
        arg_owners(r, args, q->owners, q->n_owners);
        pg_arg_time(args, q->after.at_us);
        pg_arg_uuid(args, &id);
        pg_arg_time(args, q->due_before_us ? q->due_before_us : STORE_END_OF_TIME_US);
        pg_arg_int4(args, q->limit);
    }
    store_read_send(s, r);
}

void store_count_work(struct store *s, struct store_read *r, const struct work_count_query *q)
{
    int64_t last_us = q->now_us;
    store_read_begin(r);
    for (unsigned i = WORK_QUARTER; i < WORK_SPANS; i++)
        last_us = q->until_us[i] > last_us ? q->until_us[i] : last_us;
    for (unsigned source = 0; source < WORK_SOURCES; source++) {
        struct pg_args *args = store_read_add(r, STMT_WORK_COUNT + source);
        pg_arg_int8(args, r->tenant_id);
        arg_owners(r, args, q->owners, q->n_owners);
        pg_arg_time(args, q->now_us);
        for (unsigned i = WORK_QUARTER; i < WORK_SPANS; i++)
            pg_arg_time(args, q->until_us[i]);
        pg_arg_time(args, last_us);
        pg_arg_int4(args, q->limit);
    }
    r->counts = ARENA_ARRAY(r->arena, struct work_counts, WORK_SOURCES);
    r->counts_most = q->limit;
    store_read_send(s, r);
}

void store_read_team(struct store *s, struct store_read *r, const char *team, int limit)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_WORK_TEAM);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_text(args, team);
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}

void store_read_level(struct store *s, struct store_read *r, int level, int limit)
{
    store_read_begin(r);
    for (unsigned source = 0; source < WORK_CASE_SOURCES; source++) {
        struct pg_args *args = store_read_add(r, STMT_WORK_LEVEL + source);
        pg_arg_int8(args, r->tenant_id);
        pg_arg_int4(args, level);
        pg_arg_int4(args, limit);
    }
    store_read_send(s, r);
}

/* -- rows -------------------------------------------------------------------------------------- */

/* The columns behind those of the item: in the order of the statements. */
static int take_case(struct case_row *c, const struct store_read *r, const struct pg_rows *rows,
                     int row)
{
    struct arena *arena = r->arena;
    struct case_state empty;
    const struct uuid id = pg_uuid(rows, row, 8);
    case_state_init(&empty, r->tenant_id, &id); /* keys of customers are found by the tenant */
    *c = empty.row;
    c->customer_id = arena_strdup(arena, pg_text(rows, row, 9));
    c->customer_name = arena_strdup(arena, pg_text(rows, row, 10));
    c->failure_code = arena_strdup(arena, pg_text(rows, row, 11));
    c->severity = (int16_t)pg_int(rows, row, 12);
    c->status = (int16_t)pg_int(rows, row, 13);
    c->level = (int16_t)pg_int(rows, row, 14);
    c->owner_kind = (int16_t)pg_int(rows, row, 15);
    c->owner_id = arena_strdup(arena, pg_text(rows, row, 16));
    c->opened_at = pg_time_us(rows, row, 17);
    c->last_seq = pg_int(rows, row, 18);
    const bool full = !c->customer_id || !c->customer_name || !c->failure_code || !c->owner_id;
    return full ? AM_ENOMEM : AM_OK;
}

static int take_item(struct work_item *w, unsigned source, const struct store_read *r,
                     const struct pg_rows *rows, int row)
{
    struct case_row *c = arena_alloc(r->arena, sizeof(*c));
    *w = (struct work_item){.place = {.at_us = pg_time_us(rows, row, 0),
                                      .source = (int32_t)source,
                                      .id = pg_uuid(rows, row, 1)},
                            .due_us = pg_time_us(rows, row, 2),
                            .kind = (int16_t)pg_int(rows, row, 3),
                            .of_promise = !pg_is_null(rows, row, 4) && pg_bool(rows, row, 4),
                            .clock_id = pg_uuid(rows, row, 5),
                            .subject_id = pg_uuid(rows, row, 6),
                            .clock_name = arena_strdup(r->arena, pg_text(rows, row, 7)),
                            .c = c};
    return c && w->clock_name ? take_case(c, r, rows, row) : AM_ENOMEM;
}

/* An array that grows by the rows of each source. */
static int make_room(struct rows *out, size_t n, size_t size, struct arena *arena)
{
    void *items = arena_alloc(arena, (out->n + n + 1) * size);
    if (!items)
        return AM_ENOMEM;
    if (out->n > 0)
        memcpy(items, out->items, out->n * size);
    out->items = items;
    out->cap = out->n + n + 1;
    return AM_OK;
}

static int compare_items(const void *a, const void *b)
{
    return work_place_compare(&((const struct work_item *)a)->place,
                              &((const struct work_item *)b)->place);
}

static int load_items(struct store_read *r, unsigned source, const struct pg_rows *rows)
{
    const int n = pg_rows_count(rows);
    int rc = make_room(&r->work, (size_t)n, sizeof(struct work_item), r->arena);
    for (int i = 0; i < n && rc == AM_OK; i++)
        rc = take_item(ROW_AT(&r->work, struct work_item, r->work.n++), source, r, rows, i);
    if (rc == AM_OK && r->work.n > 1)
        qsort(r->work.items, r->work.n, sizeof(struct work_item), compare_items);
    return rc;
}

static void load_counts(struct store_read *r, unsigned source, const struct pg_rows *rows)
{
    struct work_counts *counts = &r->counts[source];
    for (int i = 0; i < WORK_SPANS; i++)
        counts->n[i] = pg_int(rows, 0, i);
    counts->more = pg_int(rows, 0, WORK_SPANS) >= r->counts_most;
}

static bool has_owner(const struct rows *owners, const char *id)
{
    ROWS_EACH (owner, const struct work_owner, owners)
        if (strcmp(owner->id, id) == 0)
            return true;
    return false;
}

static int load_owners(struct store_read *r, const struct pg_rows *rows)
{
    const int n = pg_rows_count(rows);
    int rc = make_room(&r->owners, (size_t)n, sizeof(struct work_owner), r->arena);
    const bool known = r->owners.n > 0; /* those of a level may be named by several statements */
    for (int i = 0; i < n && rc == AM_OK; i++) {
        const char *id = pg_text(rows, i, 1);
        if (known && has_owner(&r->owners, id))
            continue;
        struct work_owner *owner = ROW_AT(&r->owners, struct work_owner, r->owners.n++);
        owner->level = (int)pg_int(rows, i, 0);
        owner->id = arena_strdup(r->arena, id);
        rc = owner->id ? AM_OK : AM_ENOMEM;
    }
    return rc;
}

int work_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows)
{
    if (stmt >= STMT_WORK_LEVEL)
        return load_owners(r, rows);
    if (stmt < STMT_WORK_COUNT)
        return load_items(r, stmt - STMT_WORK_LIST, rows);
    load_counts(r, stmt - STMT_WORK_COUNT, rows);
    return AM_OK;
}
