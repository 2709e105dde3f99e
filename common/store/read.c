/* SPDX-License-Identifier: Apache-2.0 */

/* Plain reads of cases, events and agents on the read lane. */

#include <string.h>

#include "contract/reasons.h"
#include "store/impl.h"

static int load_agents(struct store_read *r, const struct pg_rows *rows)
{
    const struct table *t = &tables[TABLE_AGENT];
    int n = pg_rows_count(rows);
    r->agents.items = arena_alloc(r->arena, ((size_t)n + 1) * t->row_size);
    if (!r->agents.items)
        return AM_ENOMEM;
    for (int i = 0; i < n; i++) {
        struct agent_row *a = ROW_AT(&r->agents, struct agent_row, r->agents.n++);
        if (agent_decode(rows, i, a, r->arena) != AM_OK)
            return AM_ENOMEM;
    }
    r->agents.cap = r->agents.n + 1;
    return AM_OK;
}

/* A result whose rows all belong to one list. */
static int load_list(struct rows *out, enum table_id table, const struct pg_rows *rows,
                     struct arena *arena)
{
    const struct table *t = &tables[table];
    int rc = AM_OK, n = pg_rows_count(rows);
    out->items = arena_alloc(arena, ((size_t)n + 1) * t->row_size);
    if (!out->items)
        return AM_ENOMEM;
    out->cap = (size_t)n + 1;
    for (int i = 0; i < n && rc == 0; i++)
        rc = table_decode(t, true, rows, i, 1, (uint8_t *)out->items + out->n++ * t->row_size,
                          arena);
    return rc;
}

static int load_found_case(struct store_read *r, const struct pg_rows *rows)
{
    if (pg_rows_count(rows) == 0)
        return AM_OK;
    struct uuid *id = arena_alloc(r->arena, sizeof *id);
    if (!id)
        return AM_ENOMEM;
    *id = pg_uuid(rows, 0, 1);
    r->case_ids = (struct rows){.items = id, .n = 1, .cap = 1};
    return AM_OK;
}

static int load(struct store_read *r, unsigned stmt, const struct pg_rows *rows)
{
    if (stmt >= STMT_LIST_CASES && stmt <= STMT_LIST_CASES_LAST)
        return list_load(r, rows);
    switch (stmt) {
    case STMT_READ + TABLE_AGENT:
    case STMT_LIST_AGENTS:
        return load_agents(r, rows);
    case STMT_EVENTS:
        return load_list(&r->events, TABLE_EVENT, rows, r->arena);
    case STMT_EVENT_PRIVATES:
        return load_list(&r->privates, TABLE_EVENT_PRIVATE, rows, r->arena);
    case STMT_REFERENCES:
        return load_found_case(r, rows);
    case STMT_POLICY_GET:
    case STMT_POLICY_LIST:
    case STMT_POLICY_APPLY:
    case STMT_MIGRATING:
        return policies_load(r, stmt, rows);
    case STMT_KEYS_GET:
    case STMT_KEYS_LIST:
    case STMT_KEYS_COUNT:
    case STMT_KEYS_FORGET:
    case STMT_KEYS_CREATE:
    case STMT_KEYS_ROTATE:
    case STMT_KEYS_REVOKE:
        return keys_load(r, stmt, rows);
    case STMT_NOTIFICATIONS:
    case STMT_NOTIFICATIONS_CASE:
    case STMT_NOTIFICATIONS_GET:
    case STMT_NOTIFICATIONS_ACK:
    case STMT_NOTIFICATIONS_PURGE:
        return notifications_load(r, stmt, rows);
    case STMT_BOUNCE_TELL:
        return AM_OK;
    case STMT_BOUNCE:
        return bounces_load(r, rows);
    case STMT_CHECKPOINTS:
    case STMT_CHECKPOINT_SLICE:
    case STMT_HEADS_NOW:
    case STMT_CASE_IDS:
    case STMT_CASE_ENDS:
        return checkpoints_load(r, stmt, rows);
    case STMT_FEED_NOW:
    case STMT_FEED:
    case STMT_FEED_PERSONAL:
        return feed_load(r, stmt, rows);
    default:
        if (stmt >= STMT_WORK_LIST && stmt <= STMT_WORK_TEAM)
            return work_load(r, stmt, rows);
        if (stmt >= STMT_CUSTOMER_CASES)
            return private_load(r, stmt, rows);
        return case_load(r->cases, r->n_cases, stmt, rows, r->arena);
    }
}

static void read_rows(struct pg_read *pg, size_t i, const struct pg_rows *rows)
{
    struct store_read *r = CONTAINER_OF(pg, struct store_read, pg);
    if (!fault_is_set(&r->fault) && load(r, pg->q[i].stmt, rows) != AM_OK)
        fault_set(&r->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                  "the response needs more memory than a call may use; ask for less");
}

/* The answer is made in the same arena, and a full one would end the process there. */
bool store_read_room(const struct store_read *r)
{
    return r->arena->used_bytes <= r->arena->quota_bytes / 4 * 3;
}

void store_read_ended(struct store_read *r, const struct fault *fault)
{
    r->too_large = fault == &pg_fault_large;
    if (fault)
        fault_copy(&r->fault, r->arena, fault);
    else if (!store_read_room(r))
        fault_set(&r->fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE,
                  "the response needs more memory than a call may use; ask for less");
    store_read_open(r);
}

static void read_done(struct pg_read *pg, const struct fault *fault)
{
    store_read_ended(CONTAINER_OF(pg, struct store_read, pg), fault);
}

void store_read_send(struct store *s, struct store_read *r)
{
    r->store = s;
    r->since_us = time_mono_us();
    pg_read(s->pg, &r->pg);
}

void store_read_begin(struct store_read *r)
{
    r->pg = (struct pg_read){.rows = read_rows, .done = read_done, .deadline_us = r->deadline_us};
    r->pg.item.tenant = (uint64_t)r->tenant_id;
    r->pg.bytes_most = r->bytes_most;
    r->too_large = false;
    fault_init(&r->fault, r->arena);
    r->cases = NULL;
    r->n_cases = 0;
    r->events = r->privates = r->agents = r->case_rows = (struct rows){0};
    r->policies = r->migrating = r->keys = r->found = r->gaps = (struct rows){0};
    r->checkpoints = r->heads_now = r->case_ids = (struct rows){0};
    r->work = r->owners = (struct rows){0};
    r->counts = NULL;
    r->heads = slice_of(NULL, 0);
    r->feed = (struct rows){0};
    r->feed_now = NULL;
    r->listed = (struct rows){0};
    r->walk = (struct list_walked){0};
    r->deleted = 0;
}

struct pg_args *store_read_add(struct store_read *r, unsigned stmt)
{
    struct pg_args *args = &r->pg.q[r->pg.n].args;
    r->pg.q[r->pg.n++].stmt = stmt;
    pg_args_init(args, r->arena);
    return args;
}

/* -- cases ------------------------------------------------------------------------------------ */

void store_read_init_cases(struct store_read *r, const struct uuid *ids, size_t n)
{
    r->cases = ARENA_ARRAY(r->arena, struct case_state, n);
    r->n_cases = n;
    for (size_t i = 0; i < n; i++)
        case_state_init(&r->cases[i], r->tenant_id, &ids[i]);
}

void store_arg_cases(const struct store_read *r, struct pg_args *args)
{
    struct pg_array tenant, id;
    pg_array_init(&tenant, r->arena, PG_INT8, r->n_cases);
    pg_array_init(&id, r->arena, PG_UUID, r->n_cases);
    for (size_t i = 0; i < r->n_cases; i++) {
        pg_array_int(&tenant, r->tenant_id);
        pg_array_uuid(&id, &r->cases[i].row.case_id);
    }
    pg_arg_array(args, &tenant);
    pg_arg_array(args, &id);
}

void store_find_case(struct store *s, struct store_read *r, const char *reference)
{
    struct pg_array tenant, text;
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_REFERENCES);
    pg_array_init(&tenant, r->arena, PG_INT8, 1);
    pg_array_init(&text, r->arena, PG_TEXT, 1);
    pg_array_int(&tenant, r->tenant_id);
    pg_array_text(&text, reference);
    pg_arg_array(args, &tenant);
    pg_arg_array(args, &text);
    store_read_send(s, r);
}

/* -- words ------------------------------------------------------------------------------------- */

static const unsigned words_stmt[] = {
    [WORDS_OF_SIGNALS] = STMT_LIST_WORDS + TABLE_SIGNAL,
    [WORDS_OF_CONTACTS] = STMT_LIST_WORDS + TABLE_CONTACT,
    [WORDS_OF_ACTS] = STMT_LIST_WORDS + TABLE_ACT,
};

void store_arg_place(struct pg_args *args, bool by_number, const struct words_place *before)
{
    struct uuid last;
    memset(&last, 0xff, sizeof(last));
    if (by_number) {
        pg_arg_int4(args, before->number ? before->number : INT32_MAX);
        return;
    }
    pg_arg_time(args, before->at ? before->at : STORE_END_OF_TIME_US);
    pg_arg_uuid(args, before->at ? &before->id : &last);
}

void store_read_words(struct store *s, struct store_read *r, const struct uuid *case_id,
                      enum words_of of, const struct words_place *before, size_t bytes, int limit)
{
    store_read_begin(r);
    store_read_init_cases(r, case_id, 1);
    store_arg_cases(r, store_read_add(r, STMT_READ + TABLE_CASE));
    struct pg_args *args = store_read_add(r, words_stmt[of]);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_uuid(args, case_id);
    store_arg_place(args, of == WORDS_OF_SIGNALS, before);
    pg_arg_int8(args, (int64_t)bytes);
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}

/* -- events ----------------------------------------------------------------------------------- */

static void add_events(struct store_read *r, unsigned stmt, int64_t after_seq, int limit)
{
    struct pg_args *args = store_read_add(r, stmt);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_uuid(args, &r->cases[0].row.case_id);
    pg_arg_int8(args, after_seq);
    pg_arg_int4(args, limit);
}

void store_read_events(struct store *s, struct store_read *r, const struct uuid *case_id,
                       int64_t after_seq, int limit)
{
    store_read_begin(r);
    store_read_init_cases(r, case_id, 1);
    store_arg_cases(r, store_read_add(r, STMT_READ + TABLE_CASE));
    add_events(r, STMT_EVENTS, after_seq, limit);
    add_events(r, STMT_EVENT_PRIVATES, after_seq, limit);
    store_read_send(s, r);
}

/* -- agents ----------------------------------------------------------------------------------- */

void store_read_add_agents(struct store_read *r, const char *const *agent_ids, size_t n)
{
    struct pg_array tenant, id;
    pg_array_init(&tenant, r->arena, PG_INT8, n);
    pg_array_init(&id, r->arena, PG_TEXT, n);
    for (size_t i = 0; i < n; i++) {
        pg_array_int(&tenant, r->tenant_id);
        pg_array_text(&id, agent_ids[i]);
    }
    struct pg_args *args = store_read_add(r, STMT_READ + TABLE_AGENT);
    pg_arg_array(args, &tenant);
    pg_arg_array(args, &id);
}

void store_read_agents(struct store *s, struct store_read *r, const char *const *agent_ids,
                       size_t n)
{
    store_read_begin(r);
    store_read_add_agents(r, agent_ids, n);
    store_read_send(s, r);
}

void store_list_agents(struct store *s, struct store_read *r, const char *after, int limit)
{
    store_read_begin(r);
    struct pg_args *args = store_read_add(r, STMT_LIST_AGENTS);
    pg_arg_int8(args, r->tenant_id);
    pg_arg_text(args, after ? after : "");
    pg_arg_int4(args, limit);
    store_read_send(s, r);
}
