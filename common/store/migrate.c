/* SPDX-License-Identifier: Apache-2.0 */

#include "store/migrate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/assert.h"
#include "contract/check.h"
#include "store/migrations.h"
#include "pg/pg.h"

#define TIME_TEXT 40
#define TENANT_ID_TEXT 24

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

static int apply(struct pg_admin *a, const struct migration *m)
{
    char *sql = NULL;
    AM_ASSERT(asprintf(&sql,
                       "begin;\n%s\n;insert into schema_version (version) values (%" PRId32
                       ");\ncommit",
                       m->sql, m->version) > 0);
    int rc = pg_admin_exec(a, sql);
    free(sql);
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

static int apply_missing(struct pg_admin *a, FILE *out)
{
    int32_t at = 0;
    int rc = pg_admin_exec(a, "create table if not exists schema_version"
                              " (version int4 primary key)");
    if (!rc)
        rc = schema_version(a, &at);
    if (!rc)
        rc = refuse_unreleased(at, out);
    for (size_t i = 0; i < n_migrations && !rc; i++) {
        if (migrations[i].version <= at)
            continue;
        rc = apply(a, &migrations[i]);
        fprintf(out, "%s %s\n", rc ? "failed: " : "applied:", migrations[i].name);
    }
    if (!rc && at >= migrate_version())
        fprintf(out, "schema is at version %" PRId32 "\n", at);
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

/* -- both ------------------------------------------------------------------------------------- */

/* "amends" in ASCII: one migration at a time in a database. */
static const char lock_sql[] = "select pg_advisory_lock(107078013676659)";

static int migrate_locked(struct pg_admin *a, const char *tenant, FILE *out)
{
    int rc = pg_admin_exec(a, "set client_min_messages = warning; set lock_timeout = 0");
    if (!rc)
        rc = pg_admin_exec(a, lock_sql);
    if (!rc)
        rc = apply_missing(a, out);
    return rc || !tenant ? rc : make_tenant(a, tenant, out);
}

int migrate(const char *conninfo, const char *tenant, FILE *out)
{
    struct pg_admin *a = NULL;
    if (tenant && !check_name(tenant, strlen(tenant), CHECK_TENANT_BYTES_MAX))
        return AM_EINVAL;
    int rc = pg_admin_open(conninfo, &a);
    if (rc)
        return rc;
    rc = migrate_locked(a, tenant, out);
    pg_admin_close(a);
    return rc;
}
