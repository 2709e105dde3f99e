/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate/migrate_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "store/migrate/migrate_slices.h"

#define TELL_EVERY_MS 10000
#define PAUSE_US (200 * US_PER_MS)
#define WHO_MAX 256

/* -- statements that may have to be tried again ----------------------------------------------- */

/* Whoever has had a transaction open for longest is the likely reason of a wait. */
static void tell_oldest(struct migrate_run *r)
{
    char who[WHO_MAX];
    int rc = pg_admin_value(r->a,
                            "select pid || ' (' || application_name || ', ' || state || ') since '"
                            " || xact_start from pg_stat_activity where datname = "
                            "current_database() and pid <> pg_backend_pid() and xact_start is not"
                            " null order by xact_start limit 1",
                            NULL, 0, who, sizeof(who));
    if (!rc && *who)
        fprintf(r->out, "  the oldest open transaction: process %s\n", who);
}

static void tell_waiting(struct migrate_run *r, const char *what)
{
    fprintf(r->out, "waiting: %s\n", what);
    tell_oldest(r);
    (void)fflush(r->out);
}

static int give_up(struct migrate_run *r, const struct migration *m, int rc)
{
    if (rc == AM_EAGAIN)
        fprintf(r->out,
                "gave up: %s got no lock within %" PRId64 " s of trying. What was done stays, and"
                " callers are not disturbed. End the long transactions that use its tables"
                " (pg_stat_activity, the smallest xact_start), then run amends migrate again: it"
                " goes on here\n",
                m->name, r->patience_ms / 1000);
    else if (rc == AM_ETIMEDOUT)
        fprintf(r->out,
                "gave up: %s took longer than %d ms while callers waited, again and again. It"
                " reads or writes a whole table, or the server is overloaded\n",
                m->name, MIGRATE_ALTER_MS);
    return rc;
}

static bool passes(int rc)
{
    return rc == AM_EAGAIN || rc == AM_ETIMEDOUT;
}

/* Runs text until it goes through, or the patience is over. */
static int try_until(struct migrate_run *r, const struct migration *m, const char *sql)
{
    const int64_t start = time_mono_us(), until = start + r->patience_ms * US_PER_MS;
    int64_t tell = start + US_PER_S;
    int rc;
    while (passes(rc = pg_admin_try(r->a, sql, TELL_EVERY_MS, NULL, NULL))) {
        int64_t now = time_mono_us();
        if (now >= until)
            return give_up(r, m, rc);
        if (now >= tell) {
            tell = now + TELL_EVERY_MS * US_PER_MS;
            tell_waiting(r, m->name);
        }
        migrate_pause_us(PAUSE_US);
    }
    return rc;
}

/* -- progress --------------------------------------------------------------------------------- */

int migrate_run_prepare(struct migrate_run *r)
{
    return pg_admin_exec(r->a, "create table if not exists schema_progress"
                               " (version int4 primary key, statements int4 not null default 0,"
                               " position text not null default '')");
}

/* `column` of the progress of this migration; "" when it has not begun. */
static int progress(struct migrate_run *r, const struct migration *m, const char *column, char *out,
                    size_t cap)
{
    char sql[128];
    (void)snprintf(sql, sizeof(sql), "select %s from schema_progress where version = %" PRId32,
                   column, m->version);
    return pg_admin_value(r->a, sql, NULL, 0, out, cap);
}

static int note_done(struct migrate_run *r, const struct migration *m)
{
    char sql[256];
    (void)snprintf(
        sql, sizeof(sql),
        "reset synchronous_commit; begin; delete from schema_progress where version = %" PRId32
        "; insert into schema_version (version) values (%" PRId32 "); commit",
        m->version, m->version);
    return pg_admin_exec(r->a, sql);
}

/* -- the kinds -------------------------------------------------------------------------------- */

/* A commit that waits for a standby would keep its locks meanwhile. Not to wait is safe: what
 * follows in the log, the note that all is done among it, waits until the standby has this, too. */
static int limits(struct migrate_run *r, int lock_ms, int statement_ms)
{
    char sql[128];
    (void)snprintf(sql, sizeof(sql),
                   "set lock_timeout = %d; set statement_timeout = %d;"
                   " set synchronous_commit = local",
                   lock_ms, statement_ms);
    return pg_admin_exec(r->a, sql);
}

static int run_initial(struct migrate_run *r, const struct migration *m)
{
    char *sql = NULL;
    AM_ASSERT(asprintf(&sql,
                       "begin;\n%s\n;insert into schema_version (version) values (%" PRId32
                       ");\ncommit",
                       m->sql, m->version) > 0);
    int rc = pg_admin_exec(r->a, sql);
    free(sql);
    return rc;
}

static int alter_one(struct migrate_run *r, const struct migration *m, const char *statement,
                     size_t done)
{
    char *sql = NULL;
    AM_ASSERT(asprintf(&sql,
                       "begin; insert into schema_progress (version, statements)"
                       " values (%" PRId32 ", %zu) on conflict (version)"
                       " do update set statements = excluded.statements; %s; commit",
                       m->version, done, statement) > 0);
    int rc = try_until(r, m, sql);
    free(sql);
    return rc;
}

static int run_alter(struct migrate_run *r, const struct migration *m, const struct step *s)
{
    char value[16];
    int rc = progress(r, m, "statements", value, sizeof(value));
    if (!rc)
        rc = limits(r, MIGRATE_LOCK_MS, MIGRATE_ALTER_MS);
    size_t done = (size_t)strtoul(value, NULL, 10);
    for (size_t i = done; i < s->n && !rc; i++)
        rc = alter_one(r, m, s->statements[i], i + 1);
    return rc ? rc : note_done(r, m);
}

/* -- slices ----------------------------------------------------------------------------------- */

static int slice_one(struct migrate_run *r, const struct migration *m, const struct step *s,
                     const struct slices *at)
{
    char *change = slices_statement(at, s->statements[0]), *sql = NULL;
    char *position = slices_quote(at->to);
    AM_ASSERT(asprintf(&sql,
                       "begin; insert into schema_progress (version, position) values (%" PRId32
                       ", %s) on conflict (version) do update set position = excluded.position;"
                       " %s; commit",
                       m->version, position, change) > 0);
    int rc = try_until(r, m, sql);
    free(sql);
    free(change);
    free(position);
    return rc;
}

static void tell_slices(struct migrate_run *r, const struct migration *m, int64_t *tell,
                        int64_t rows)
{
    int64_t now = time_mono_us();
    if (now < *tell)
        return;
    *tell = now + TELL_EVERY_MS * US_PER_MS;
    fprintf(r->out, "%s: %" PRId64 " rows looked at\n", m->name, rows);
    (void)fflush(r->out);
}

static int run_slices(struct migrate_run *r, const struct migration *m, const struct step *s)
{
    struct slices at;
    int64_t tell = time_mono_us() + TELL_EVERY_MS * US_PER_MS, rows = 0;
    int rc = slices_begin(&at, r->a, s->table);
    if (!rc)
        rc = progress(r, m, "position", at.from, sizeof(at.from));
    if (!rc && at.from[0])
        fprintf(r->out, "%s goes on where it was interrupted\n", m->name);
    if (!rc)
        rc = limits(r, MIGRATE_LOCK_MS, 0);
    while (!rc && !(rc = slices_next(&at)) && at.to[0]) {
        int64_t start = time_mono_us();
        rc = slice_one(r, m, s, &at);
        rows += at.rows;
        slices_done(&at, time_mono_us() - start);
        tell_slices(r, m, &tell, rows);
    }
    return rc ? rc : note_done(r, m);
}

/* -- index ------------------------------------------------------------------------------------ */

struct still {
    struct migrate_run *run;
    const char *name;
    int64_t since_us;
};

static void still_building(void *ctx)
{
    struct still *s = ctx;
    fprintf(s->run->out,
            "%s has been running for %" PRId64 " s; it also waits for every transaction that was"
            " open when it began\n",
            s->name, (int64_t)((time_mono_us() - s->since_us) / US_PER_S));
    (void)fflush(s->run->out);
}

/* "valid", "invalid", or "" when there is none. */
static int index_state(struct migrate_run *r, const char *name, char out[16])
{
    const char *params[] = {name};
    return pg_admin_value(r->a,
                          "select case when i.indisvalid then 'valid' else 'invalid' end"
                          " from pg_class c join pg_index i on i.indexrelid = c.oid"
                          " where c.relname = $1 and c.relnamespace = "
                          "current_schema()::regnamespace",
                          params, 1, out, 16);
}

static int drop_invalid(struct migrate_run *r, const char *name)
{
    char sql[128];
    fprintf(r->out, "drops the invalid index %s, which an interrupted build left\n", name);
    (void)snprintf(sql, sizeof(sql), "drop index concurrently %s", name);
    return pg_admin_try(r->a, sql, TELL_EVERY_MS, NULL, NULL);
}

static int build_index(struct migrate_run *r, const struct step *s, bool *built)
{
    struct still still = {r, s->index, time_mono_us()};
    char state[16];
    int rc = index_state(r, s->index, state);
    *built = !rc && strcmp(state, "valid") == 0;
    if (rc || *built)
        return rc;
    if (state[0])
        rc = drop_invalid(r, s->index);
    return rc ? rc : pg_admin_try(r->a, s->statements[0], TELL_EVERY_MS, still_building, &still);
}

/* The build waits for others without holding them up, so it has no limit of its own. */
static int run_index(struct migrate_run *r, const struct migration *m, const struct step *s)
{
    const int64_t until = time_mono_us() + r->patience_ms * US_PER_MS;
    bool built = false;
    int rc = limits(r, 0, 0);
    while (!rc && !built) {
        rc = build_index(r, s, &built);
        if (rc == AM_EAGAIN && time_mono_us() < until) {
            migrate_pause_us(PAUSE_US);
            rc = AM_OK;
        }
    }
    return rc ? give_up(r, m, rc) : note_done(r, m);
}

int migrate_run(struct migrate_run *r, const struct migration *m, const struct step *s)
{
    switch (s->kind) {
    case STEP_ALTER:
        return run_alter(r, m, s);
    case STEP_SLICES:
        return run_slices(r, m, s);
    case STEP_INDEX:
        return run_index(r, m, s);
    default:
        return run_initial(r, m);
    }
}
