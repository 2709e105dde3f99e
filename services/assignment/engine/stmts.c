/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine's statements by number. Their texts are in the sql.c of each folder, those of the
 * engine itself here. Every look-up goes by a key or along an index, whatever the statistics say.
 * Time is a parameter.
 */

#include "assignment/assignment.h"
#include "assignment/audit/sql.h"
#include "assignment/checkpoints/sql.h"
#include "assignment/engine/engine.h"
#include "assignment/matching/sql.h"
#include "assignment/references/references.h"
#include "assignment/streams/sql.h"
#include "assignment/timers/sql.h"

/* $1 name, $2 holder, $3 now, $4 until: a row when the holder has the lease. A lease that ends much
 * later than any lease taken now was written by a replica with a wrong clock, which may be gone for
 * good; so it can be taken. */
static const char lease[] =
    "insert into lease as l (name, holder, until) values ($1::text, $2::text, $4::timestamptz)"
    " on conflict (name) do update set holder = excluded.holder, until = excluded.until"
    " where l.holder = excluded.holder or l.until <= $3::timestamptz"
    " or l.until > $4::timestamptz + interval '1 minute' returning l.name";

/* $1 before: a slice of the dedup rows that need not be kept any more. The tenant is neither merged
 * nor hashed: see put_key_join() in the store. */
static const char purge[] =
    "delete from dedup x using (select d.tenant_id, d.principal, d.method, d.request_id from dedup "
    "d"
    " where d.created_at < $1::timestamptz limit 2000) k"
    " where x.tenant_id = any (array[k.tenant_id])"
    " and x.principal = k.principal and x.method = k.method and x.request_id = k.request_id";

/* $1 id */
static const char tenant_name[] = "select t.name from tenant t where t.tenant_id = $1::int8";

static const struct pg_stmt stmts[STMTS] = {
    [STMT_DUE] = {"assignment_due", timers_sql_due},
    [STMT_NEXT_DUE] = {"assignment_next_due", timers_sql_next_due},
    [STMT_SOON] = {"assignment_soon", timers_sql_soon},
    [STMT_LEASE] = {"assignment_lease", lease},
    [STMT_WAITING] = {"assignment_waiting", matching_sql_waiting},
    [STMT_HEADS] = {"assignment_heads", matching_sql_heads},
    [STMT_READY] = {"assignment_ready", matching_sql_ready},
    [STMT_AGENTS] = {"assignment_agents", matching_sql_agents},
    [STMT_COOLING] = {"assignment_cooling", matching_sql_cooling},
    [STMT_ASKED] = {"assignment_asked", matching_sql_asked},
    [STMT_OFFERS] = {"assignment_offers", streams_sql_offers},
    [STMT_OFFERS_KEYS] = {"assignment_offers_keys", streams_sql_offers_keys},
    [STMT_STREAM_CASES] = {"assignment_stream_cases", streams_sql_cases},
    [STMT_STREAM_NOTICES] = {"assignment_stream_notices", streams_sql_notices},
    [STMT_STREAM_PRESENCE] = {"assignment_stream_presence", streams_sql_presence},
    [STMT_PURGE] = {"assignment_purge", purge},
    [STMT_AUDIT] = {"assignment_audit", audit_sql_cases},
    [STMT_AUDIT_ENDED] = {"assignment_audit_ended", audit_sql_ended},
    [STMT_AUDIT_OLDEST] = {"assignment_audit_oldest", audit_sql_oldest},
    [STMT_AUDIT_UNSEEN] = {"assignment_audit_unseen", audit_sql_unseen},
    [STMT_AUDIT_UNDELIVERED] = {"assignment_audit_undelivered", audit_sql_undelivered},
    [STMT_STREAM_SEEN] = {"assignment_stream_seen", streams_sql_seen},
    [STMT_STREAM_GONE] = {"assignment_stream_gone", streams_sql_gone},
    [STMT_STREAM_FORGET] = {"assignment_stream_forget", streams_sql_forget},
    [STMT_UNNAMED] = {"assignment_unnamed", references_sql_next},
    [STMT_TENANT_NAME] = {"assignment_tenant_name", tenant_name},
    [STMT_CHECKPOINT_DUE] = {"assignment_checkpoint_due", checkpoints_sql_due},
    [STMT_CHECKPOINT_FEED] = {"assignment_checkpoint_feed", checkpoints_sql_feed},
    [STMT_CHECKPOINT_SLICE_PUT] = {"assignment_checkpoint_slice", checkpoints_sql_slice},
    [STMT_CHECKPOINT_SIGN] = {"assignment_checkpoint_sign", checkpoints_sql_sign},
    [STMT_CHECKPOINT_FORGET] = {"assignment_checkpoint_forget", checkpoints_sql_forget},
};
const struct pg_stmt *const assignment_stmts = stmts;
const size_t assignment_n_stmts = STMTS;
