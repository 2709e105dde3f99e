/* SPDX-License-Identifier: Apache-2.0 */
#include "toy.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/assert.h"

const struct pg_stmt toy_stmts[TOY_STMTS] = {
    [TOY_READ_DEDUP] =
        {"toy_read_dedup",
         "select i, d.account, d.seq from unnest($1::int8[]) with ordinality r(request, i)"
         " cross join lateral (select account, seq from dedup where request = r.request offset 0) "
         "d"},
    [TOY_READ_ACCOUNT] =
        {"toy_read_account",
         "select i, a.total, a.last_seq from unnest($1::int8[]) with ordinality r(id, i)"
         " cross join lateral (select total, last_seq from account where id = r.id offset 0) a"},
    [TOY_WRITE_ACCOUNT] =
        {"toy_write_account",
         "insert into account(id, total, last_seq, updated_at)"
         " select * from unnest($1::int8[], $2::int8[], $3::int8[], $4::timestamptz[])"
         " on conflict (id) do update set total = excluded.total, last_seq = excluded.last_seq,"
         " updated_at = excluded.updated_at"},
    [TOY_WRITE_ENTRY] = {"toy_write_entry", "insert into entry(account, seq, request, amount, at)"
                                            " select * from unnest($1::int8[], $2::int8[], "
                                            "$3::int8[], $4::int8[], $5::timestamptz[])"},
    [TOY_WRITE_DEDUP] = {"toy_write_dedup",
                         "insert into dedup(request, account, seq)"
                         " select * from unnest($1::int8[], $2::int8[], $3::int8[])"},
    [TOY_GET] = {"toy_get", "select id, total from account where id = $1::int8"},
    [TOY_SLEEP] = {"toy_sleep", "select pg_sleep($1::int4 / 1000.0)"},
    [TOY_FAIL] = {"toy_fail", "select 1 / $1::int4"},
    [TOY_SLOW_WRITE] = {"toy_slow_write", "insert into dedup select 0, 0, 0"
                                          " where pg_sleep($1::int4 / 1000.0) is null"},
};

/* What was read for one command. */
struct found {
    bool dedup, account;
    int64_t seq, total, last_seq;
};

static struct toy_cmd *toy_of(struct pg_seg_cmd *cmd)
{
    return CONTAINER_OF(cmd, struct toy_cmd, cmd);
}

/* -- operations -------------------------------------------------------------------------------- */

static void ask(struct pg_seg *seg, unsigned stmt, bool by_request)
{
    struct pg_args args;
    struct pg_array ids;
    pg_args_init(&args, seg->arena);
    pg_array_init(&ids, seg->arena, PG_INT8, seg->n);
    for (size_t i = 0; i < seg->n; i++)
        pg_array_int(&ids,
                     by_request ? toy_of(seg->cmds[i])->request : toy_of(seg->cmds[i])->account);
    pg_arg_array(&args, &ids);
    pg_seg_send(seg, stmt, &args);
}

static void toy_read(void *ctx, struct pg_seg *seg)
{
    struct toy *t = ctx;
    AM_ASSERT(seg->user == NULL);
    seg->user = ARENA_ARRAY(seg->arena, struct found, seg->n);
    for (size_t i = 0; i < seg->n; i++)
        toy_of(seg->cmds[i])->slot = (int)i;
    t->segments++;
    t->last_segment_n = seg->n;
    ask(seg, TOY_READ_DEDUP, true);
    ask(seg, TOY_READ_ACCOUNT, false);
    if (t->on_read)
        t->on_read(t, seg);
}

static void toy_load(void *ctx, struct pg_seg *seg, size_t i, const struct pg_rows *rows)
{
    struct found *found = seg->user;
    (void)ctx;
    for (int r = 0; i < 2 && r < pg_rows_count(rows); r++) {
        struct found *f = &found[pg_int(rows, r, 0) - 1];
        if (i == 0) {
            f->dedup = true;
            f->seq = pg_int(rows, r, 2);
        } else {
            f->account = true;
            f->total = pg_int(rows, r, 1);
            f->last_seq = pg_int(rows, r, 2);
        }
    }
}

static enum pg_seg_verdict toy_decide(void *ctx, struct pg_seg *seg, struct pg_seg_cmd *cmd)
{
    struct toy *t = ctx;
    struct toy_cmd *c = toy_of(cmd);
    const struct found *f = (const struct found *)seg->user + c->slot;
    AM_ASSERT(seg->n == 1 && seg->cmds[0] == cmd);
    if (t->on_decide)
        t->on_decide(t, seg);
    c->decisions++;
    c->segment = t->segments;
    t->last_now_us = seg->now_us;
    c->replayed = f->dedup;
    if (f->dedup) {
        c->seq = f->seq;
        return PG_SEG_ANSWER;
    }
    if (c->discovered && cmd->n_keys == 2) {
        cmd->keys[cmd->n_keys++] = toy_key(t->world, "account", c->discovered);
        return PG_SEG_AGAIN;
    }
    if (c->amount == 0)
        return PG_SEG_ANSWER;
    c->seq = f->last_seq + 1;
    return PG_SEG_WRITE;
}

static bool toy_fits(void *ctx, struct pg_seg *seg)
{
    size_t bytes = 0;
    (void)ctx;
    for (size_t i = 0; i < seg->n; i++) {
        pg_seg_weigh(seg, seg->cmds[i], toy_of(seg->cmds[i])->bytes);
        bytes += toy_of(seg->cmds[i])->bytes;
    }
    return bytes <= PG_SEG_READ_BYTES;
}

static void write_accounts(struct pg_seg *seg)
{
    const struct found *found = seg->user;
    struct pg_args args;
    struct pg_array col[4];
    pg_args_init(&args, seg->arena);
    for (int i = 0; i < 4; i++)
        pg_array_init(&col[i], seg->arena, i == 3 ? PG_TIMESTAMPTZ : PG_INT8, seg->n);
    for (size_t i = 0; i < seg->n; i++) {
        const struct toy_cmd *c = toy_of(seg->cmds[i]);
        pg_array_int(&col[0], c->account);
        pg_array_int(&col[1], found[c->slot].total + c->amount);
        pg_array_int(&col[2], c->seq);
        pg_array_time(&col[3], seg->now_us);
    }
    for (int i = 0; i < 4; i++)
        pg_arg_array(&args, &col[i]);
    pg_seg_send(seg, TOY_WRITE_ACCOUNT, &args);
}

static void write_rows(struct pg_seg *seg, unsigned stmt, bool entry)
{
    struct pg_args args;
    struct pg_array col[5];
    int n = entry ? 5 : 3;
    pg_args_init(&args, seg->arena);
    for (int i = 0; i < n; i++)
        pg_array_init(&col[i], seg->arena, i == 4 ? PG_TIMESTAMPTZ : PG_INT8, seg->n);
    for (size_t i = 0; i < seg->n; i++) {
        const struct toy_cmd *c = toy_of(seg->cmds[i]);
        pg_array_int(&col[0], entry ? c->account : c->request);
        pg_array_int(&col[1], entry ? c->seq : c->account);
        pg_array_int(&col[2], entry ? c->request : c->seq);
        if (!entry)
            continue;
        pg_array_int(&col[3], c->amount);
        pg_array_time(&col[4], seg->now_us);
    }
    for (int i = 0; i < n; i++)
        pg_arg_array(&args, &col[i]);
    pg_seg_send(seg, stmt, &args);
}

static void toy_write(void *ctx, struct pg_seg *seg)
{
    struct toy *t = ctx;
    write_accounts(seg);
    write_rows(seg, TOY_WRITE_ENTRY, true);
    write_rows(seg, TOY_WRITE_DEDUP, false);
    if (t->on_write)
        t->on_write(t, seg);
}

static void toy_committed(void *ctx, struct pg_seg *seg)
{
    (void)ctx;
    for (size_t i = 0; i < seg->n; i++)
        toy_of(seg->cmds[i])->wrote = true;
}

/* -- replicas ---------------------------------------------------------------------------------- */

static bool is_up(void *ctx)
{
    const struct toy *t = ctx;
    return pg_up(t->pg) && t->state.time_ok;
}

static void changed(void *ctx)
{
    struct toy *t = ctx;
    t->up = pg_up(t->pg);
}

struct toy *toy_new_config(struct world *w, const struct pg_config *given)
{
    void (*plain)(void *ctx, struct pg_seg *seg);
    return toy_new_hooked(w, given, toy_committed, &plain);
}

struct toy *toy_new_hooked(struct world *w, const struct pg_config *given,
                           void (*committed)(void *ctx, struct pg_seg *seg),
                           void (**plain)(void *ctx, struct pg_seg *seg))
{
    struct toy *t = calloc(1, sizeof(*t));
    struct pg_config config = *given;
    assert_non_null(t);
    t->world = w;
    t->ops = (struct pg_seg_ops){.read = toy_read,
                                 .load = toy_load,
                                 .fits = toy_fits,
                                 .decide = toy_decide,
                                 .write = toy_write,
                                 .committed = committed,
                                 .ctx = t};
    *plain = toy_committed;
    config.stmts = toy_stmts;
    config.n_stmts = TOY_STMTS;
    config.state = &t->state;
    t->pg = pg_new(w->loop, &config);
    pg_on_change(t->pg, changed, t);
    pg_seg_setup(t->pg, &t->ops);
    return t;
}

static bool all_up(void *ctx)
{
    return is_up(ctx);
}

struct toy *toy_new(struct world *w, unsigned segments, unsigned reads, const char *conninfo)
{
    const struct pg_config config = {.conninfo = conninfo ? conninfo : w->conninfo,
                                     .segment_connections = segments,
                                     .read_connections = reads,
                                     .application_name = w->schema};
    struct toy *t = toy_new_config(w, &config);
    if (!conninfo) {
        world_until(w, all_up, t, 10000);
        world_turn(w, 30); /* the other connections of the lanes */
    }
    return t;
}

static void closed(void *ctx)
{
    struct toy *t = ctx;
    t->closed = true;
}

static bool is_closed(void *ctx)
{
    const struct toy *t = ctx;
    return t->closed;
}

void toy_free(struct toy *t)
{
    pg_close(t->pg, closed, t);
    world_until(t->world, is_closed, t, 10000);
    pg_free(t->pg);
    free(t);
}

/* -- commands ---------------------------------------------------------------------------------- */

static void answered(struct pg_seg_cmd *cmd, const struct fault *fault)
{
    struct toy_cmd *c = toy_of(cmd);
    struct world *w = c->toy->world;
    assert_false(c->done);
    c->done = true;
    c->code = fault ? fault->code : FAULT_OK;
    c->reason = fault ? fault->reason : 0;
    c->done_at = ++w->answers;
    w->waiting--;
}

struct toy_cmd *toy_cmd(struct toy *t, int64_t request, int64_t account, int64_t amount)
{
    struct toy_cmd *c = ARENA_NEW(&t->world->arena, struct toy_cmd);
    c->toy = t;
    c->request = request;
    c->account = account;
    c->amount = amount;
    c->cmd.item.tenant = 1;
    c->cmd.idempotent = true;
    c->cmd.method = "Toy/Add";
    c->cmd.done = answered;
    return c;
}

void toy_submit(struct toy_cmd *c)
{
    struct world *w = c->toy->world;
    c->cmd.n_keys = 0;
    c->cmd.keys[c->cmd.n_keys++] = toy_key(w, "request", c->request);
    c->cmd.keys[c->cmd.n_keys++] = c->cmd.weight_key = toy_key(w, "account", c->account);
    if (c->other)
        c->cmd.keys[c->cmd.n_keys++] = toy_key(w, "account", c->other);
    for (size_t i = 0; i < 4; i++)
        if (c->extra[i])
            c->cmd.keys[c->cmd.n_keys++] = toy_key(w, "account", c->extra[i]);
    c->done = false;
    w->waiting++;
    pg_seg_submit(c->toy->pg, &c->cmd);
}

struct toy_cmd *toy_send(struct toy *t, int64_t request, int64_t account, int64_t amount)
{
    struct toy_cmd *c = toy_cmd(t, request, account, amount);
    toy_submit(c);
    return c;
}
