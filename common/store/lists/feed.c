/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lists/feed.h"

#include <stdlib.h>
#include <string.h>

#include "store/impl.h"

static int cmp_int(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* Transactions are numbered without a sign. */
static int cmp_xid(int64_t a, int64_t b)
{
    return (uint64_t)a < (uint64_t)b ? -1 : (uint64_t)a > (uint64_t)b;
}

int feed_position_cmp(const struct feed_position *a, const struct feed_position *b)
{
    int d = cmp_int(a->epoch, b->epoch);
    d = d ? d : cmp_xid(a->xid, b->xid);
    d = d ? d : uuid_cmp(&a->case_id, &b->case_id);
    return d ? d : cmp_int(a->seq, b->seq);
}

/* -- facts ------------------------------------------------------------------------------------- */

static void *unpack_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void unpack_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

/* NULL when the bytes are not such a message: somebody altered them. */
static Amends__V1__EventDetail *unpack(struct slice bytes, struct arena *scratch)
{
    ProtobufCAllocator allocator = {
        .alloc = unpack_alloc, .free = unpack_free, .allocator_data = scratch};
    return amends__v1__event_detail__unpack(&allocator, bytes.len, bytes.data);
}

/* What is known of a command from its last event. */
struct last_event {
    bool known;
    struct feed_position at;
    const char *owner_id; /* in the read's arena */
};

static bool same_command(const struct feed_position *a, const struct feed_position *b)
{
    return a->epoch == b->epoch && a->xid == b->xid && uuid_eq(&a->case_id, &b->case_id);
}

static void note_last(struct last_event *last, const struct feed_position *at,
                      const Amends__V1__EventDetail *d, struct arena *arena)
{
    if (!d || !d->facts || !d->facts->owner)
        return;
    last->at = *at;
    last->owner_id = arena_strdup(arena, d->facts->owner->id);
    last->known = last->owner_id != NULL;
}

/* What the event says itself goes first; the owner that the case has now is what is left where a
 * replica of the first release wrote it. */
static void tell_facts(struct feed_row *row, const Amends__V1__EventDetail *d,
                       const struct last_event *last, struct arena *arena)
{
    row->facts.kind = row->event.kind;
    row->facts.case_id = row->event.case_id;
    row->facts.level = d ? d->level : 0;
    row->sound = d != NULL;
    row->via = d && d->via[0] ? arena_strdup(arena, d->via) : "";
    row->via = row->via ? row->via : "";
    const char *own = d && d->owner ? arena_strdup(arena, d->owner->id) : NULL;
    if (own)
        row->facts.owner_id = own;
    else if (last->known && same_command(&last->at, &row->at))
        row->facts.owner_id = last->owner_id;
}

/* From the last event to the first, so that each command's facts are seen before its other events.
 * `after`: the body of the last event of the page's last command; none = empty. */
static void find_facts(struct store_read *r, struct slice after)
{
    struct last_event last = {0};
    struct arena scratch;
    arena_init(&scratch, r->arena->quota_bytes);
    for (size_t i = r->feed.n; i-- > 0;) {
        struct feed_row *row = ROW_AT(&r->feed, struct feed_row, i);
        if (i + 1 == r->feed.n && after.len > 0)
            note_last(&last, &row->at, unpack(after, &scratch), r->arena);
        const Amends__V1__EventDetail *d = unpack(row->event.public_body, &scratch);
        note_last(&last, &row->at, d, r->arena);
        tell_facts(row, d, &last, r->arena);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
}

/* -- results ----------------------------------------------------------------------------------- */

enum column_after_event { CUSTOMER_ID, FAILURE_CODE, OWNER_ID, LAST_BODY, SALT, BODY };

static int load_personal(struct feed_row *out, const struct pg_rows *rows, int i, int col,
                         struct arena *arena)
{
    if (pg_is_null(rows, i, col + 1))
        return AM_OK;
    const struct slice salt = pg_bytes(rows, i, col), body = pg_bytes(rows, i, col + 1);
    struct event_private_row *p = &out->personal;
    *p = (struct event_private_row){
        .tenant_id = out->event.tenant_id, .case_id = out->event.case_id, .seq = out->event.seq};
    const void *salt_copy = arena_dup(arena, salt.data, salt.len);
    const void *body_copy = arena_dup(arena, body.data, body.len);
    if (!salt_copy || !body_copy)
        return AM_ENOMEM;
    p->salt = slice_of(salt_copy, salt.len);
    p->body = slice_of(body_copy, body.len);
    out->has_personal = true;
    return AM_OK;
}

static int load_row(struct feed_row *out, const struct pg_rows *rows, int i, bool personal,
                    struct arena *arena)
{
    const struct table *t = &tables[TABLE_EVENT];
    const int col = 2 + (int)t->n_cols;
    int rc = table_decode(t, true, rows, i, 2, &out->event, arena);
    if (rc != AM_OK)
        return rc;
    out->at = (struct feed_position){.epoch = (int32_t)pg_int(rows, i, 0),
                                     .xid = pg_int(rows, i, 1),
                                     .case_id = out->event.case_id,
                                     .seq = out->event.seq};
    out->facts.customer_id = arena_strdup(arena, pg_text(rows, i, col + CUSTOMER_ID));
    out->facts.failure_code = arena_strdup(arena, pg_text(rows, i, col + FAILURE_CODE));
    out->facts.owner_id = arena_strdup(arena, pg_text(rows, i, col + OWNER_ID));
    if (!out->facts.customer_id || !out->facts.failure_code || !out->facts.owner_id)
        return AM_ENOMEM;
    return personal ? load_personal(out, rows, i, col + SALT, arena) : AM_OK;
}

static int cmp_rows(const void *a, const void *b)
{
    const struct feed_row *x = a, *y = b;
    return feed_position_cmp(&x->at, &y->at);
}

/* Of the one row that has it: the page's last one. */
static struct slice last_body(const struct pg_rows *rows)
{
    const int col = 2 + (int)tables[TABLE_EVENT].n_cols + LAST_BODY;
    for (int i = pg_rows_count(rows); i-- > 0;)
        if (!pg_is_null(rows, i, col))
            return pg_bytes(rows, i, col);
    return slice_of(NULL, 0);
}

static int load_page(struct store_read *r, const struct pg_rows *rows, bool personal)
{
    const int n = pg_rows_count(rows);
    int rc = AM_OK;
    r->feed.items = arena_alloc(r->arena, ((size_t)n + 1) * sizeof(struct feed_row));
    if (!r->feed.items)
        return AM_ENOMEM;
    r->feed.cap = (size_t)n + 1;
    for (int i = 0; i < n && rc == AM_OK; i++)
        rc = load_row(ROW_AT(&r->feed, struct feed_row, r->feed.n++), rows, i, personal, r->arena);
    if (rc == AM_OK && n > 0) {
        qsort(r->feed.items, r->feed.n, sizeof(struct feed_row), cmp_rows);
        find_facts(r, last_body(rows));
    }
    return rc;
}

static void load_now(struct store_read *r, const struct pg_rows *rows)
{
    if (pg_rows_count(rows) == 0)
        return; /* no such tenant: as one without events */
    r->feed_now->epoch = (int32_t)pg_int(rows, 0, 0);
    r->feed_now->bound_xid = pg_int(rows, 0, 1);
    r->feed_now->held = pg_bool(rows, 0, 2);
    r->feed_now->next =
        (struct feed_position){.epoch = r->feed_now->epoch, .xid = r->feed_now->bound_xid};
}

static size_t size_of(const struct feed_row *row)
{
    return row->event.public_body.len + (row->has_personal ? row->personal.body.len : 0);
}

/* The page is full when it has as many events or bytes as were asked for. */
static void tell_next(struct store_read *r)
{
    size_t bytes = 0;
    ROWS_EACH (row, struct feed_row, &r->feed)
        bytes += size_of(row);
    r->feed_now->more = r->feed.n > 0 && (r->feed.n >= r->feed_limit || bytes >= r->feed_bytes);
    if (r->feed_now->more)
        r->feed_now->next = ROW_AT(&r->feed, struct feed_row, r->feed.n - 1)->at;
}

int feed_load(struct store_read *r, unsigned stmt, const struct pg_rows *rows)
{
    if (stmt == STMT_FEED_NOW) {
        load_now(r, rows);
        return AM_OK;
    }
    int rc = load_page(r, rows, stmt == STMT_FEED_PERSONAL);
    if (rc == AM_OK)
        tell_next(r);
    return rc;
}

/* -- reads ------------------------------------------------------------------------------------- */

static void begin(struct store_read *r)
{
    store_read_begin(r);
    r->feed_now = ARENA_NEW(r->arena, struct feed_now);
    pg_arg_int8(store_read_add(r, STMT_FEED_NOW), r->tenant_id);
}

void store_read_feed(struct store *s, struct store_read *r, const struct feed_position *after,
                     int limit, size_t bytes, bool personal)
{
    begin(r);
    r->feed_limit = (size_t)limit;
    r->feed_bytes = bytes;
    struct pg_args *args = store_read_add(r, personal ? STMT_FEED_PERSONAL : STMT_FEED);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_int4(args, after->epoch);
    pg_arg_int8(args, after->xid);
    pg_arg_uuid(args, &after->case_id);
    pg_arg_int8(args, after->seq);
    pg_arg_int4(args, limit);
    pg_arg_int8(args, (int64_t)bytes);
    store_read_send(s, r);
}

void store_read_feed_now(struct store *s, struct store_read *r)
{
    begin(r);
    store_read_send(s, r);
}
