/* SPDX-License-Identifier: Apache-2.0 */

#include "store/migrate/migrate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <openssl/crypto.h>

#include "auth/role_set.h"
#include "base/assert.h"
#include "base/time.h"
#include "contract/check.h"
#include "contract/words.h"
#include "store/migrate/migrate_run.h"
#include "store/migrate/migrate_slices.h"
#include "store/secrets.h"
#include "pg/pg.h"

#define TIME_TEXT 40
#define TENANT_ID_TEXT 24
#define PATIENCE_MS 300000
#define KEY_VALUE_TEXT 64

int32_t migrate_version(void)
{
    return migrations[n_migrations - 1].version;
}

/* Times are parameters here too; this program runs before any server has sampled the database's
 * clock, so the local one has to do. */
static void now_text(char out[TIME_TEXT])
{
    struct timespec now;
    struct tm tm;
    AM_ASSERT(clock_gettime(CLOCK_REALTIME, &now) == 0 && gmtime_r(&now.tv_sec, &tm) != NULL);
    size_t n = strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(out + n, TIME_TEXT - n, ".%06ldZ", now.tv_nsec / 1000);
}

/* -- schema ----------------------------------------------------------------------------------- */

static int schema_version(struct pg_admin *a, int32_t *version)
{
    char value[16];
    int rc = pg_admin_value(a, "select coalesce(max(version), 0) from schema_version", NULL, 0,
                            value, sizeof(value));
    *version = rc ? 0 : (int32_t)strtol(value, NULL, 10);
    return rc;
}

/* What was made by a commit before the first release has other tables; nothing moves them. */
static int refuse_unreleased(int32_t at, FILE *out)
{
    if (at == 0 || at >= migrations[0].version)
        return AM_OK;
    fprintf(out,
            "refused: this database has schema version %" PRId32
            " of a commit before the first release (version %" PRId32 "); make a new database\n",
            at, migrations[0].version);
    return AM_EINVAL;
}

static int apply(struct migrate_run *r, const struct migration *m)
{
    struct step step;
    char why[STEP_WHY_MAX];
    int rc = step_read(m, m == migrations, &step, why);
    if (rc) {
        fprintf(r->out, "refused: %s: %s\n", m->name, why);
        return rc;
    }
    rc = migrate_run(r, m, &step);
    step_free(&step);
    fprintf(r->out, "%s %s\n", rc ? "failed: " : "applied:", m->name);
    (void)fflush(r->out);
    return rc;
}

static int apply_newer(struct migrate_run *r, const struct migration *m, size_t n, int32_t at)
{
    int rc = AM_OK;
    for (size_t i = 0; i < n && !rc; i++)
        if (m[i].version > at)
            rc = apply(r, &m[i]);
    return rc;
}

/* The version that this run leads to. */
static int32_t newest(const struct migrate_options *o)
{
    return o->n_extra ? o->extra[o->n_extra - 1].version : migrate_version();
}

static int apply_missing(struct migrate_run *r, const struct migrate_options *o)
{
    int32_t at = 0;
    int rc = pg_admin_exec(r->a, "create table if not exists schema_version"
                                 " (version int4 primary key)");
    if (!rc)
        rc = schema_version(r->a, &at);
    if (!rc)
        rc = refuse_unreleased(at, r->out);
    if (!rc)
        rc = migrate_run_prepare(r);
    if (!rc)
        rc = apply_newer(r, migrations, n_migrations, at);
    if (!rc)
        rc = apply_newer(r, o->extra, o->n_extra, at);
    if (!rc && at >= newest(o))
        fprintf(r->out, "schema is at version %" PRId32 "\n", at);
    return rc;
}

/* -- tenant ----------------------------------------------------------------------------------- */

static int tenant_exists(struct pg_admin *a, const char *tenant, bool *exists)
{
    char value[TENANT_ID_TEXT];
    int rc = pg_admin_value(a, "select tenant_id from tenant where name = $1", &tenant, 1, value,
                            sizeof(value));
    *exists = value[0] != '\0';
    return rc;
}

/* Drawn at random from 1 to 2^63 - 1, so that a tenant keeps its id in whatever database it moves
 * to: of a million tenants any two have the same with a chance of one in 18 million. */
static void draw_tenant_id(char out[TENANT_ID_TEXT])
{
    uint64_t id = 0;
    while (id == 0) {
        AM_ASSERT(getrandom(&id, sizeof(id), 0) == sizeof(id));
        id &= INT64_MAX;
    }
    (void)snprintf(out, TENANT_ID_TEXT, "%" PRIu64, id);
}

/* Tenant and policy in one statement: never one without the other. */
static int insert_tenant(struct pg_admin *a, const char *tenant)
{
    char now[TIME_TEXT], id[TENANT_ID_TEXT], value[TENANT_ID_TEXT];
    now_text(now);
    draw_tenant_id(id);
    const char *params[] = {tenant, now, id};
    return pg_admin_value(
        a,
        "with t as (insert into tenant (tenant_id, name, policy_version, created_at)"
        " values ($3::int8, $1, 1, $2::timestamptz) returning tenant_id)"
        " insert into policy_version"
        " (tenant_id, version, source, created_at, created_by)"
        " select tenant_id, 1, 'default', $2::timestamptz, 'amends migrate'"
        " from t returning tenant_id",
        params, 3, value, sizeof(value));
}

static int make_tenant(struct pg_admin *a, const char *tenant, FILE *out)
{
    bool exists = false;
    int rc = tenant_exists(a, tenant, &exists);
    if (!rc && !exists)
        rc = insert_tenant(a, tenant);
    if (!rc)
        fprintf(out, exists ? "tenant %s is there\n" : "made tenant %s\n", tenant);
    return rc;
}

/* -- keys ------------------------------------------------------------------------------------- */

/* Stores a key of a tenant that is there; with `first` only if it has none. `stored` tells whether
 * it did. */
static int insert_key(struct pg_admin *a, const struct migrate_key *key, bool first, bool *stored)
{
    char now[TIME_TEXT], value[KEY_VALUE_TEXT], line[API_KEY_HASH_LINE_CHARS + 1], roles[16];
    now_text(now);
    api_key_hash_line(key->mark, line);
    (void)snprintf(roles, sizeof roles, "%" PRIu32, key->roles);
    const char *hash = line + API_KEY_HASH_LINE_CHARS - 2 * (size_t)DIGEST_LEN;
    const char *params[] = {key->tenant,
                            key->mark->id.text,
                            hash,
                            key->principal,
                            roles,
                            key->description,
                            now,
                            first ? "amends migrate" : "amends key create",
                            first ? "true" : "false"};
    int rc = pg_admin_value(
        a,
        "insert into api_key (tenant_id, key_id, hash, principal, roles, description, created_at,"
        " created_by, request_hash) select t.tenant_id, $2, decode($3, 'hex'), $4, $5::int4, $6,"
        " $7::timestamptz, $8, '' from tenant t where t.name = $1 and not ($9::boolean"
        " and exists (select 1 from api_key x where x.tenant_id = t.tenant_id)) returning key_id",
        params, 9, value, sizeof(value));
    *stored = value[0] != '\0';
    return rc;
}

static int key_is_there(struct pg_admin *a, const char *tenant, const struct api_key_mark *mark,
                        bool *there)
{
    char value[KEY_VALUE_TEXT];
    const char *params[] = {tenant, mark->id.text};
    int rc = pg_admin_value(a,
                            "select x.key_id from api_key x join tenant t using (tenant_id)"
                            " where t.name = $1 and x.key_id = $2",
                            params, 2, value, sizeof(value));
    *there = value[0] != '\0';
    return rc;
}

static int make_first_key(struct pg_admin *a, const struct migrate_options *o, FILE *out)
{
    const struct migrate_key key = {.tenant = o->tenant,
                                    .principal = "admin",
                                    .description = "the first key",
                                    .roles = ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUPERVISOR) |
                                             ROLE_BIT(ROLE_CLIENT) | ROLE_BIT(ROLE_GATEWAY) |
                                             ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_OPERATOR),
                                    .mark = o->first_key};
    bool stored = false, there = false;
    int rc = insert_key(a, &key, true, &stored);
    if (!rc && !stored)
        rc = key_is_there(a, o->tenant, o->first_key, &there);
    if (rc)
        return rc;
    const char *id = o->first_key->id.text;
    if (stored)
        fprintf(out, "made the first API key %s of tenant %s, for the principal %s\n", id,
                o->tenant, key.principal);
    else if (there)
        fprintf(out, "the API key %s of tenant %s is there\n", id, o->tenant);
    else
        fprintf(out, "tenant %s has had API keys already: the first key %s was not stored\n",
                o->tenant, id);
    return AM_OK;
}

int migrate_store_key(const char *conninfo, const struct migrate_key *key, FILE *out)
{
    struct pg_admin *a = NULL;
    bool stored = false;
    int rc = pg_admin_open(conninfo, &a);
    if (rc)
        return rc;
    rc = insert_key(a, key, false, &stored);
    if (!rc && !stored) {
        fprintf(out, "there is no tenant %s\n", key->tenant);
        rc = AM_ENOENT;
    }
    pg_admin_close(a);
    return rc;
}

/* -- both ------------------------------------------------------------------------------------- */

/* One migration at a time in a database: the key is "amends" in ASCII. Whoever waits asks again and
 * again, without a transaction between: one that waited inside a statement would be waited for by
 * the build of an index, and neither would ever end. */
#define LOCK_KEY "107078013676659"
#define ASK_EVERY_US (200 * US_PER_MS)
#define TELL_EVERY (50) /* questions */

static int try_lock(struct pg_admin *a, bool *locked)
{
    char value[8];
    int rc = pg_admin_value(a, "select pg_try_advisory_lock(" LOCK_KEY ")", NULL, 0, value,
                            sizeof(value));
    *locked = value[0] == 't';
    return rc;
}

static void tell_holder(struct migrate_run *r)
{
    char pid[16];
    int rc = pg_admin_value(r->a,
                            "select pid from pg_locks where locktype = 'advisory' and granted and"
                            " classid::int8 << 32 | objid::int8 = " LOCK_KEY " limit 1",
                            NULL, 0, pid, sizeof(pid));
    if (!rc)
        fprintf(r->out, "waiting: another run migrates this database (process %s of the server)\n",
                pid);
    (void)fflush(r->out);
}

static int lock(struct migrate_run *r)
{
    bool locked = false;
    int rc = try_lock(r->a, &locked);
    for (unsigned asked = 0; !rc && !locked; asked++) {
        if (asked % TELL_EVERY == 0)
            tell_holder(r);
        migrate_pause_us(ASK_EVERY_US);
        rc = try_lock(r->a, &locked);
    }
    return rc;
}

static int refuse_pooler(struct migrate_run *r)
{
    bool pooled = false;
    int rc = pg_admin_pooled(r->a, &pooled);
    if (!rc && pooled)
        fprintf(r->out, "refused: this connection goes through a pooler, where locks and settings"
                        " of a session are not its own; give --pg the address of PostgreSQL\n");
    return rc ? rc : pooled ? AM_EINVAL : AM_OK;
}

/* A server whose client is gone ends what it works on: the next run need not wait for it. */
static const char session_sql[] =
    "set client_min_messages = warning; set idle_in_transaction_session_timeout = '10s';"
    " set client_connection_check_interval = '2s'; set enable_seqscan = off; set enable_bitmapscan "
    "= off";

/* Drawn once for a database; to change it, delete the row, run `amends migrate` and restart the
 * services. */
static int draw_secret(struct pg_admin *a)
{
    uint8_t bytes[SECRET_BYTES];
    char hex[2 * SECRET_BYTES + 1], value[8];
    AM_ASSERT(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    const char *params[] = {hex};
    int rc = pg_admin_value(a,
                            "with s as (insert into secret (purpose, bytes)"
                            " values ('tokens', decode($1, 'hex')) on conflict do nothing"
                            " returning 1) select count(*) from s",
                            params, 1, value, sizeof(value));
    OPENSSL_cleanse(bytes, sizeof(bytes));
    OPENSSL_cleanse(hex, sizeof(hex));
    return rc;
}

static int migrate_connected(struct migrate_run *r, const struct migrate_options *o)
{
    int rc = refuse_pooler(r);
    if (!rc)
        rc = pg_admin_exec(r->a, session_sql);
    if (!rc)
        rc = lock(r);
    if (!rc)
        rc = apply_missing(r, o);
    if (!rc)
        rc = draw_secret(r->a);
    if (!rc && o->tenant)
        rc = make_tenant(r->a, o->tenant, r->out);
    return rc || !o->tenant || !o->first_key ? rc : make_first_key(r->a, o, r->out);
}

int migrate_with(const char *conninfo, const struct migrate_options *o, FILE *out)
{
    struct migrate_run r = {.out = out,
                            .patience_ms = o->patience_ms ? o->patience_ms : PATIENCE_MS};
    if (o->tenant && !check_name(o->tenant, strlen(o->tenant), CHECK_TENANT_BYTES_MAX))
        return AM_EINVAL;
    int rc = pg_admin_open(conninfo, &r.a);
    if (rc)
        return rc;
    rc = migrate_connected(&r, o);
    pg_admin_close(r.a);
    return rc;
}

int migrate(const char *conninfo, const char *tenant, FILE *out)
{
    return migrate_with(conninfo, &(struct migrate_options){.tenant = tenant}, out);
}
