/* SPDX-License-Identifier: Apache-2.0 */

/* Lists of cases: which statement reads one, and what it found. */

#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "contract/statuses.h"
#include "store/impl.h"

static bool given(const char *text)
{
    return text && text[0];
}

/* True when statuses are asked for, and none of them is final. */
static bool asks_for_work(uint32_t statuses)
{
    return statuses != 0 && !(statuses & STATUSES_FINAL);
}

/* The filter that leaves the fewest rows, as a rule. Most cases are final, so that one of a final
 * status is found soon among all. */
static enum list_walk choose_walk(const struct case_filter *f)
{
    if (f->by_due)
        return LIST_DUE;
    if (f->by_id)
        return LIST_IDS;
    if (given(f->order_reference))
        return LIST_ORDER;
    if (given(f->external_reference))
        return LIST_EXTERNAL;
    if (given(f->customer_id))
        return LIST_CUSTOMER;
    if (given(f->owner_id))
        return LIST_OWNER;
    if (given(f->failure_code))
        return LIST_FAILURE;
    if (!asks_for_work(f->statuses))
        return LIST_OPENED;
    return f->level ? LIST_LEVEL : LIST_WORK;
}

/* The page: from where, until when, going on strictly behind a place. */
static void arg_page(struct pg_args *args, const struct case_filter *f)
{
    struct uuid start_id;
    const int64_t until = f->opened_until ? f->opened_until : STORE_END_OF_TIME_US;
    const bool start = f->after_at == 0;
    memset(&start_id, f->by_due ? 0 : 0xff, sizeof(start_id));
    pg_arg_time(args, f->opened_from);
    pg_arg_time(args, until);
    pg_arg_time(args, start && !f->by_due ? until : f->after_at);
    pg_arg_uuid(args, start ? &start_id : &f->after_case_id);
    pg_arg_int4(args, f->limit);
}

static void arg_text(struct pg_args *args, const char *text)
{
    pg_arg_text(args, given(text) ? text : NULL);
}

static void arg_number(struct pg_args *args, int32_t number)
{
    if (number)
        pg_arg_int4(args, number);
    else
        pg_arg_null(args);
}

/* A branch is everything below the code: from "code." to before "code/", the byte after the dot. */
static void arg_failure(struct pg_args *args, const char *code, struct arena *arena)
{
    if (!given(code)) {
        for (int i = 0; i < 3; i++)
            pg_arg_null(args);
        return;
    }
    const char *from = arena_printf(arena, "%s.", code);
    const char *until = arena_printf(arena, "%s/", code);
    AM_ASSERT(from != NULL && until != NULL);
    pg_arg_text(args, code);
    pg_arg_text(args, from);
    pg_arg_text(args, until);
}

static void arg_rest(struct pg_args *args, const struct case_filter *f, int walk_most)
{
    arg_number(args, f->level);
    arg_number(args, f->owner_kind);
    arg_text(args, f->order_reference);
    arg_text(args, f->external_reference);
    if (f->due_before)
        pg_arg_time(args, f->due_before);
    else
        pg_arg_null(args);
    pg_arg_int4(args, walk_most);
    if (f->by_id) {
        pg_arg_uuid(args, &f->first_id);
        pg_arg_uuid(args, &f->last_id);
    } else {
        pg_arg_null(args);
        pg_arg_null(args);
    }
}

void store_list_cases(struct store *s, struct store_read *r, const struct case_filter *f)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_LIST_CASES + choose_walk(f));
    r->walk.most = f->walk_most ? f->walk_most : STORE_LIST_ROWS;
    r->walk.by_due = f->by_due;
    r->walk.by_id = f->by_id || given(f->external_reference);
    r->walk.opened_from = f->opened_from;
    pg_arg_int8(args, r->tenant_id);
    arg_page(args, f);
    arg_text(args, f->customer_id);
    arg_text(args, f->owner_id);
    arg_number(args, (int32_t)f->statuses);
    arg_failure(args, f->failure_code, r->arena);
    arg_rest(args, f, r->walk.most);
    store_read_send(s, r);
}

/* -- results ----------------------------------------------------------------------------------- */

/* Behind a case that was opened before the range of the list there is nothing more. */
static void stop_at(struct list_walked *walk, const struct case_row *row,
                    const struct listed *listed)
{
    walk->stopped = walk->by_due || walk->by_id || row->opened_at >= walk->opened_from;
    walk->ended = !walk->stopped;
    walk->at = walk->by_due ? listed->due_at : row->opened_at;
    walk->case_id = row->case_id;
}

/* Takes one row. Of a merged list several walks may end: what stands behind the first end may lack
 * rows of that walk. */
static int take_row(struct store_read *r, const struct pg_rows *rows, int i)
{
    const struct table *t = &tables[TABLE_CASE];
    const int64_t n = pg_int(rows, i, 0);
    const int due = 1 + (int)t->n_cols, walked = (int)(n < 0 ? -n : n);
    struct case_row *row = ROW_AT(&r->case_rows, struct case_row, r->case_rows.n);
    struct listed *listed = ROW_AT(&r->listed, struct listed, r->listed.n);
    int rc = table_decode(t, true, rows, i, 1, row, r->arena);
    listed->due_at = pg_is_null(rows, i, due) ? 0 : pg_time_us(rows, i, due);
    listed->due_kind = pg_is_null(rows, i, due + 1) ? 0 : (int16_t)pg_int(rows, i, due + 1);
    r->walk.rows = walked > r->walk.rows ? walked : r->walk.rows;
    if (walked == r->walk.most)
        stop_at(&r->walk, row, listed);
    r->case_rows.n += n > 0;
    r->listed.n += n > 0;
    return rc;
}

int list_load(struct store_read *r, const struct pg_rows *rows)
{
    const int n = pg_rows_count(rows);
    int rc = AM_OK;
    r->case_rows.items = arena_alloc(r->arena, ((size_t)n + 1) * sizeof(struct case_row));
    r->listed.items = arena_alloc(r->arena, ((size_t)n + 1) * sizeof(struct listed));
    if (!r->case_rows.items || !r->listed.items)
        return AM_ENOMEM;
    r->case_rows.cap = r->listed.cap = (size_t)n + 1;
    for (int i = 0; i < n && rc == AM_OK && !r->walk.stopped && !r->walk.ended; i++)
        rc = take_row(r, rows, i);
    return rc;
}
