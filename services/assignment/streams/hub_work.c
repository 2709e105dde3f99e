/* SPDX-License-Identifier: Apache-2.0 */

/* What a look reads for those who watch their work, beside the offers. */

#include "assignment/streams/hub_impl.h"

#include "base/assert.h"

#define NOTICES_READ WORK_NOTICES_MAX

/* -- asking ------------------------------------------------------------------------------------ */

static bool place_before(const struct notice_place *a, const struct notice_place *b)
{
    return a->at_us < b->at_us || (a->at_us == b->at_us && uuid_cmp(&a->id, &b->id) < 0);
}

/* Begins the look of the agent's streams. False: none of them watches work. `after`: where the
 * notifications are read; `notices` false: no stream has room for any. */
static bool begin_look(struct watched *w, struct notice_place *after, bool *notices)
{
    bool any = false;
    *notices = false;
    w->cases = w->notices = 0;
    w->noticed = false;
    LIST_FOR_EACH (it, &w->streams) {
        struct work_state *work = CONTAINER_OF(it, struct stream, link)->work;
        struct notice_place place;
        if (!work)
            continue;
        any = true;
        work_look_begin(work);
        if (!work_wants_notices(work, &place))
            continue;
        if (!*notices || place_before(&place, after))
            *after = place;
        *notices = true;
    }
    return any;
}

struct agents {
    struct pg_array tenants, ids;
};

static void agents_init(struct agents *a, struct arena *arena, size_t n)
{
    pg_array_init(&a->tenants, arena, PG_INT8, n);
    pg_array_init(&a->ids, arena, PG_TEXT, n);
}

static void agents_add(struct agents *a, const struct watched *w)
{
    pg_array_int(&a->tenants, w->tenant_id);
    pg_array_text(&a->ids, w->agent_id);
}

static struct pg_args *ask(struct engine_read *r, struct batch *b, enum stmt stmt,
                           enum batch_part part, struct agents *a)
{
    struct pg_args *args = engine_read_add(r, stmt);
    b->parts[b->n_parts++] = part;
    pg_arg_array(args, &a->tenants);
    pg_arg_array(args, &a->ids);
    return args;
}

/* The streams of one look, as parameters. */
struct asked {
    struct agents all, noticed;
    struct pg_array since, after;
};

static void take_agents(struct batch *b, struct asked *asked)
{
    for (size_t i = 0; i < b->n; i++) {
        struct notice_place after = {.at_us = 0};
        bool notices;
        if (!begin_look(b->of[i], &after, &notices))
            continue;
        b->work[b->n_work++] = b->of[i];
        agents_add(&asked->all, b->of[i]);
        if (!notices)
            continue;
        b->noticed[b->n_noticed++] = b->of[i];
        b->of[i]->noticed = true;
        agents_add(&asked->noticed, b->of[i]);
        pg_array_time(&asked->since, after.at_us);
        pg_array_uuid(&asked->after, &after.id);
    }
}

static void ask_notices(struct engine_read *r, struct batch *b, struct asked *asked)
{
    struct pg_args *args = ask(r, b, STMT_STREAM_NOTICES, PART_NOTICES, &asked->noticed);
    pg_arg_array(args, &asked->since);
    pg_arg_array(args, &asked->after);
    pg_arg_int4(args, NOTICES_READ);
    pg_arg_int4(args, NOTIFICATION_PENDING);
}

void hub_work_ask(struct engine_read *r, struct batch *b)
{
    struct asked asked;
    b->work = ARENA_ARRAY(&r->arena, struct watched *, b->n);
    b->noticed = ARENA_ARRAY(&r->arena, struct watched *, b->n);
    agents_init(&asked.all, &r->arena, b->n);
    agents_init(&asked.noticed, &r->arena, b->n);
    pg_array_init(&asked.since, &r->arena, PG_TIMESTAMPTZ, b->n);
    pg_array_init(&asked.after, &r->arena, PG_UUID, b->n);
    take_agents(b, &asked);
    if (b->n_work == 0)
        return;
    pg_arg_int4(ask(r, b, STMT_STREAM_CASES, PART_CASES, &asked.all), WORK_CASES_MAX);
    (void)ask(r, b, STMT_STREAM_PRESENCE, PART_PRESENCE, &asked.all);
    if (b->n_noticed > 0)
        ask_notices(r, b, &asked);
}

/* -- results ----------------------------------------------------------------------------------- */

static void take_case(struct work_state *work, const struct pg_rows *rows, int row)
{
    const struct uuid id = pg_uuid(rows, row, 1);
    const struct case_look c = {.status = (int)pg_int(rows, row, 2),
                                .level = (int)pg_int(rows, row, 3),
                                .due_us = pg_is_null(rows, row, 4) ? 0 : pg_time_us(rows, row, 4),
                                .opened_us = pg_time_us(rows, row, 5)};
    work_look_case(work, &id, &c);
}

static void take_notice(struct work_state *work, const struct pg_rows *rows, int row)
{
    struct notification_row n = {.case_id = pg_uuid(rows, row, 1),
                                 .notification_id = pg_uuid(rows, row, 2),
                                 .kind = (int16_t)pg_int(rows, row, 3),
                                 .cause = (int16_t)pg_int(rows, row, 4),
                                 .ask = (int16_t)pg_int(rows, row, 5),
                                 .urgent = pg_bool(rows, row, 6),
                                 .level = (int16_t)pg_int(rows, row, 7),
                                 .created_at = pg_time_us(rows, row, 8),
                                 .seq = pg_int(rows, row, 9),
                                 .instance = (int32_t)pg_int(rows, row, 11),
                                 .threshold = (int32_t)pg_int(rows, row, 12),
                                 .about = pg_text(rows, row, 13)};
    if (!pg_is_null(rows, row, 10))
        n.clock_id = pg_uuid(rows, row, 10);
    work_look_notice(work, &n);
}

static void take_presence(struct work_state *work, const struct pg_rows *rows, int row)
{
    struct agent_row a = {.presence = (int16_t)pg_int(rows, row, 1),
                          .presence_at = pg_time_us(rows, row, 2),
                          .presence_cause = (int16_t)pg_int(rows, row, 3),
                          .version = pg_int(rows, row, 5)};
    if (!pg_is_null(rows, row, 4))
        a.presence_cause_at = pg_time_us(rows, row, 4);
    work_look_presence(work, &a);
}

static void take_row(struct watched *w, enum batch_part part, const struct pg_rows *rows, int row)
{
    w->cases += part == PART_CASES;
    w->notices += part == PART_NOTICES;
    LIST_FOR_EACH (it, &w->streams) {
        struct work_state *work = CONTAINER_OF(it, struct stream, link)->work;
        if (!work || !work->looking)
            continue;
        if (part == PART_CASES)
            take_case(work, rows, row);
        else if (part == PART_NOTICES)
            take_notice(work, rows, row);
        else
            take_presence(work, rows, row);
    }
}

void hub_work_rows(struct batch *b, enum batch_part part, const struct pg_rows *rows)
{
    const bool notices = part == PART_NOTICES;
    for (int row = 0; row < pg_rows_count(rows); row++) {
        const size_t ord = (size_t)pg_int(rows, row, 0) - 1;
        AM_ASSERT(ord < (notices ? b->n_noticed : b->n_work));
        take_row(notices ? b->noticed[ord] : b->work[ord], part, rows, row);
    }
}

/* A stream that was opened while the look was under way waits for the next one. */
void hub_work_ended(struct watched *w, int64_t now_us, bool ok)
{
    const enum work_notices notices = !w->noticed                 ? WORK_NOTICES_UNREAD
                                      : w->notices < NOTICES_READ ? WORK_NOTICES_ALL
                                                                  : WORK_NOTICES_SOME;
    LIST_FOR_EACH (it, &w->streams) {
        struct work_state *work = CONTAINER_OF(it, struct stream, link)->work;
        if (!work || !work->looking)
            continue;
        if (ok)
            work_look_end(work, w->cases < WORK_CASES_MAX, notices, now_us);
        else
            work->looking = false;
    }
}
