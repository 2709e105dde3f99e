/* SPDX-License-Identifier: Apache-2.0 */

/* The statements about API keys. $1 is the tenant, and $2 is now where that is asked for. */

#include "contract/words.h"
#include "store/impl.h"

#define COLUMNS                                                                                    \
    "x.key_id, x.hash, x.principal, x.description, x.roles, x.created_at, x.expires_at,"           \
    " x.last_used_at, x.created_by, x.valid_until, x.replaced_by, x.revoked_at, x.revoked_by,"     \
    " x.request_hash"
#define OF_TENANT " from api_key x where x.tenant_id = $1::int8 and x.key_id > ''"
#define OF_ID " x.tenant_id = $1::int8 and x.key_id = $2::text"
#define WORKS                                                                                      \
    "(x.revoked_at is null and (x.expires_at is null or x.expires_at > $2::timestamptz)"           \
    " and (x.valid_until is null or x.valid_until > $2::timestamptz))"
/* least() passes over nulls. */
#define ENDS "least(x.expires_at, x.valid_until, x.revoked_at)"
#define LASTING "set_config('synchronous_commit', current_setting('" PG_LASTING "'), true)"
#define INSERT                                                                                     \
    "insert into api_key (tenant_id, created_at, key_id, hash, created_by, request_hash,"          \
    " principal, description, roles, expires_at)"

const char keys_get_sql[] = "select " COLUMNS " from api_key x where" OF_ID;

/* $2 only those that work then, null = all; $3 and $4 the place to go on from, $5 principal, null =
 * any; $6 limit */
const char keys_list_sql[] =
    "select " COLUMNS " from api_key x where x.tenant_id = $1::int8 and x.created_at > '-infinity'"
    " and (x.created_at, x.key_id) < ($3::timestamptz, $4::text)"
    " and ($5::text is null or x.principal = $5::text)"
    " and ($2::timestamptz is null or " WORKS ")"
    " order by x.created_at desc, x.key_id desc limit $6::int4";

/* How many there are, how many of them work, and how many of these may make others. */
const char keys_count_sql[] =
    "select count(*), count(*) filter (where " WORKS "), count(*) filter (where " WORKS
    " and (x.roles >> " SQL_ROLE_ADMIN ") & 1 = 1)" OF_TENANT;

/* $2 those that ended before */
const char keys_forget_sql[] = "delete" OF_TENANT " and " ENDS " < $2::timestamptz";

/* $3 id, $4 hash, $5 creator, $6 hash of the request, $7 principal, $8 description, $9 roles,
 * $10 expires, $11 most keys, $12 most working ones */
const char keys_create_sql[] =
    INSERT " select $1::int8, $2::timestamptz, $3::text, $4::bytea, $5::text, $6::bytea, $7::text,"
           " $8::text, $9::int4, $10::timestamptz"
           " from (select count(*) as n, count(*) filter (where " WORKS ") as w" OF_TENANT ") c"
           " where c.n < $11::int8 and c.w < $12::int8"
           " on conflict do nothing returning " LASTING;

/* $3 id, $4 hash, $5 creator, $6 hash of the request, $7 the old key, $8 it works until, $9 ends,
 * $10 most keys. Two at once: the later one waits for the earlier one and then finds that the key
 * was replaced. */
const char keys_rotate_sql[] =
    "with o as (update api_key x set replaced_by = $3::text, valid_until = $8::timestamptz"
    " where x.tenant_id = $1::int8 and x.key_id = $7::text and x.replaced_by = '' and " WORKS
    " and not exists (select 1 from api_key y where y.tenant_id = $1::int8 and y.key_id = $3::text)"
    " and (select count(*)" OF_TENANT ") < $10::int8 returning x.*) " INSERT
    " select o.tenant_id, $2::timestamptz, $3::text, $4::bytea, $5::text, $6::bytea, o.principal,"
    " o.description, o.roles,"
    " coalesce($9::timestamptz, $2::timestamptz + (o.expires_at - o.created_at))"
    " from o returning " LASTING;

/* $2 id, $3 revoker, $4 now */
const char keys_revoke_sql[] =
    "update api_key x set revoked_at = $4::timestamptz, revoked_by = $3::text"
    " where" OF_ID " and x.revoked_at is null returning " LASTING;

/* -- what the keyring asks --------------------------------------------------------------------- */

/* $1 ids, of any tenant */
const char keys_lookup_sql[] =
    "select k.ord, x.hash, x.tenant_id, t.name, x.principal, x.roles, x.revoked_at is not null,"
    " least(x.expires_at, x.valid_until), x.last_used_at"
    " from unnest($1::text[]) with ordinality as k(key_id, ord)"
    " cross join lateral (select y.* from api_key y where y.key_id || '' = k.key_id"
    " offset 0) x"
    " cross join lateral (select y.name from tenant y where y.tenant_id = x.tenant_id offset 0) t";

/* $1 used since, $2 limit: of any tenant, the ones used last. */
const char keys_recent_sql[] =
    "select 0::int8, x.hash, x.tenant_id, t.name, x.principal, x.roles, false,"
    " least(x.expires_at, x.valid_until), x.last_used_at, x.key_id"
    " from (select y.* from api_key y where y.last_used_at is not null and y.revoked_at is null"
    " and coalesce(y.last_used_at, y.created_at) >= $1::timestamptz"
    " order by coalesce(y.last_used_at, y.created_at) desc limit $2::int4) x"
    " cross join lateral (select y.name from tenant y where y.tenant_id = x.tenant_id offset 0) t";

/* $1 tenants, $2 ids, $3 hours. Replicas tell the same, so only the first one writes. The keys are
 * looked up one by one whatever the statistics say: the first equality can be neither hashed nor
 * merged. */
const char keys_use_sql[] =
    "update api_key x set last_used_at = k.at"
    " from unnest($1::int8[], $2::text[], $3::timestamptz[]) as k(tenant_id, key_id, at)"
    " where x.tenant_id = any (array[k.tenant_id]) and x.key_id = k.key_id"
    " and (x.last_used_at is null or x.last_used_at < k.at)";
