/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sealing/rewrap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/assert.h"
#include "pg/pg.h"
#include "store/sealing/customer_keys_impl.h"
#include "store/migrate/migrations.h"

#define ROW_BYTES 1024
#define ARENA_BYTES 65536
#define HEX_BYTES (2 * SEAL_WRAPPED_BYTES + 1)

/* The next key behind a place ($1 tenant, $2 customer) that another master key than $3 wrapped, as
 * one text; customer ids have no blanks in front, and are last. */
static const char next_sql[] =
    "select concat_ws(' ', c.tenant_id, encode(c.wrapped, 'hex'), c.master, c.customer_id)"
    " from customer_key c where (c.tenant_id, c.customer_id) > ($1::int8, $2::text)"
    " and c.master <> $3::text order by c.tenant_id, c.customer_id limit 1";
/* $1 tenant, $2 customer, $3 wrapped before, $4 wrapped now, $5 master: not one that was made anew
 * meanwhile. */
static const char update_sql[] =
    "update customer_key c set wrapped = decode($4::text, 'hex'), master = $5::text"
    " where c.tenant_id = $1::int8 and c.customer_id = $2::text"
    " and c.wrapped = decode($3::text, 'hex') returning 1";

/* The secrets of webhooks lie under master keys, too; a place is "<webhook>/<number>". */
static const char next_secret_sql[] =
    "select concat_ws(' ', s.tenant_id, encode(s.bytes, 'hex'), s.master,"
    " s.webhook_id || '/' || s.number) from webhook_secret s"
    " where (s.tenant_id, s.webhook_id || '/' || s.number) > ($1::int8, $2::text collate \"C\")"
    " and s.master not in ($3::text, '')"
    " order by s.tenant_id, s.webhook_id || '/' || s.number limit 1";
static const char update_secret_sql[] =
    "update webhook_secret s set bytes = decode($4::text, 'hex'), master = $5::text"
    " where s.tenant_id = $1::int8 and s.webhook_id || '/' || s.number = $2::text"
    " and s.bytes = decode($3::text, 'hex') returning 1";

/* As resolution/webhook binds a secret to its webhook. */
static struct slice secret_where(struct arena *arena, int64_t tenant_id, const char *place)
{
    const char *text =
        arena_printf(arena, "webhook %" PRId64 " %.*s", tenant_id, (int)strcspn(place, "/"), place);
    AM_ASSERT(text != NULL);
    return slice_str(text);
}

/* What is wrapped: how it is found and written, and to what it is bound. */
struct wrapped_kind {
    const char *next, *update;
    struct slice (*where)(struct arena *arena, int64_t tenant_id, const char *whose);
};
static const struct wrapped_kind customer_kind = {next_sql, update_sql, keys_where};
static const struct wrapped_kind secret_kind = {next_secret_sql, update_secret_sql, secret_where};

struct rewrap {
    struct pg_admin *pg;
    const struct wrapped_kind *kind;
    const struct masters *masters;
    struct sealer *sealer;
    struct arena arena;
    int64_t done, locked;
    char place[ROW_BYTES]; /* the row as it was read; its words are cut out of it */
    const char *tenant, *customer;
};

/* "<tenant> <wrapped> <master> <customer>" */
static bool cut(struct rewrap *r, const char **wrapped, const char **master)
{
    char *rest = r->place;
    r->tenant = strsep(&rest, " ");
    *wrapped = strsep(&rest, " ");
    *master = strsep(&rest, " ");
    r->customer = rest;
    return rest != NULL;
}

static size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
    long n = 0;
    unsigned char *bytes = OPENSSL_hexstr2buf(hex, &n);
    const size_t len = bytes && n > 0 && (size_t)n <= cap ? (size_t)n : 0;
    if (len)
        memcpy(out, bytes, len);
    OPENSSL_free(bytes);
    return len;
}

static void hex_of(const uint8_t *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* AM_ENOENT: no master key of the file opens it. */
static int wrap_anew(struct rewrap *r, const char *wrapped, const char *master, char hex[HEX_BYTES])
{
    uint8_t bytes[SEAL_WRAPPED_BYTES];
    struct seal_key key = {0};
    const struct master_key *old = masters_find(r->masters, master);
    arena_reset(&r->arena);
    const struct slice where = r->kind->where(&r->arena, strtoll(r->tenant, NULL, 10), r->customer);
    const size_t len = unhex(wrapped, bytes, sizeof bytes);
    if (!old || seal_unwrap(r->sealer, old, where, slice_of(bytes, len), &key) != AM_OK)
        return AM_ENOENT;
    seal_wrap(r->sealer, &r->masters->keys[0], where, &key, bytes);
    OPENSSL_cleanse(&key, sizeof key);
    hex_of(bytes, sizeof bytes, hex);
    return AM_OK;
}

static int rewrap_one(struct rewrap *r)
{
    const char *wrapped = NULL, *master = NULL;
    char hex[HEX_BYTES], told[8];
    if (!cut(r, &wrapped, &master))
        return AM_EPROTO;
    if (wrap_anew(r, wrapped, master, hex) != AM_OK) {
        r->locked++;
        return AM_OK;
    }
    const char *params[] = {r->tenant, r->customer, wrapped, hex, r->masters->keys[0].name};
    r->done++;
    return pg_admin_value(r->pg, r->kind->update, params, 5, told, sizeof told);
}

static int rewrap_all(struct rewrap *r, const struct wrapped_kind *kind)
{
    r->kind = kind;
    char tenant[32] = "-9223372036854775808", customer[ROW_BYTES] = "";
    for (;;) {
        const char *params[] = {tenant, customer, r->masters->keys[0].name};
        int rc = pg_admin_value(r->pg, r->kind->next, params, 3, r->place, sizeof r->place);
        if (rc != AM_OK || r->place[0] == '\0')
            return rc;
        rc = rewrap_one(r);
        if (rc != AM_OK)
            return rc;
        (void)snprintf(tenant, sizeof tenant, "%s", r->tenant);
        (void)snprintf(customer, sizeof customer, "%s", r->customer);
    }
}

/* A database of customers' keys alone has no such table. */
static int rewrap_secrets(struct rewrap *r)
{
    char there[64];
    int rc = pg_admin_value(r->pg, "select to_regclass('webhook_secret')::text", NULL, 0, there,
                            sizeof there);
    return rc == AM_OK && there[0] != '\0' ? rewrap_all(r, &secret_kind) : rc;
}

static void tell(FILE *out, const struct rewrap *r, const char *what)
{
    (void)fprintf(out,
                  "%" PRId64 " %s were wrapped under %s; %" PRId64
                  " cannot be: the file lacks their master keys\n",
                  r->done, what, r->masters->keys[0].name, r->locked);
}

int rewrap_keys(const char *conninfo, const struct masters *masters, FILE *out)
{
    struct rewrap r = {.masters = masters, .sealer = sealer_new()};
    arena_init(&r.arena, ARENA_BYTES);
    int rc = pg_admin_open(conninfo, &r.pg);
    if (rc == AM_OK)
        rc = rewrap_all(&r, &customer_kind);
    tell(out, &r, "keys of customers");
    const int64_t locked = r.locked;
    r.done = r.locked = 0;
    if (rc == AM_OK)
        rc = rewrap_secrets(&r);
    if (r.done + r.locked > 0)
        tell(out, &r, "secrets of webhooks");
    r.locked += locked;
    pg_admin_close(r.pg);
    arena_free(&r.arena);
    sealer_free(r.sealer);
    return rc == AM_OK && r.locked ? AM_ENOENT : rc;
}

/* -- the table --------------------------------------------------------------------------------- */

static const char *table_sql(void)
{
    for (size_t i = 0; i < n_migrations; i++)
        if (strstr(migrations[i].name, "_customer_keys.sql"))
            return migrations[i].sql;
    AM_ASSERT(!"the migration that makes the table");
    return NULL;
}

int rewrap_make_table(const char *conninfo, FILE *out)
{
    struct pg_admin *pg = NULL;
    char there[64];
    int rc = pg_admin_open(conninfo, &pg);
    if (rc == AM_OK)
        rc = pg_admin_value(pg, "select to_regclass('customer_key')::text", NULL, 0, there,
                            sizeof there);
    if (rc == AM_OK && there[0] == '\0') {
        rc = pg_admin_exec(pg, table_sql());
        (void)fprintf(out, "made the table of customers' keys\n");
    }
    pg_admin_close(pg);
    return rc;
}
