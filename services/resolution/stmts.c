/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/stmts.h"

#include "resolution/delivery/sql.h"
#include "resolution/mail/sql.h"
#include "resolution/webhook/sql.h"

static const struct pg_stmt stmts[RESOLUTION_STMTS] = {
    [STMT_DELIVERY_TENANTS] = {"delivery_tenants", delivery_sql_tenants},
    [STMT_DELIVERY_TAKE] = {"delivery_take", delivery_sql_take},
    [STMT_DELIVERY_END] = {"delivery_end", delivery_sql_end},
    [STMT_DELIVERY_LEASE] = {"delivery_lease", delivery_sql_lease},
    [STMT_DELIVERY_LATE] = {"delivery_late", delivery_sql_late},
    [STMT_DELIVERY_PURGE] = {"delivery_purge", delivery_sql_purge},
    [STMT_HOOK_CLAIM] = {"webhook_claim", hook_sql_claim},
    [STMT_HOOK_RENEW] = {"webhook_renew", hook_sql_renew},
    [STMT_HOOK_RELEASE] = {"webhook_release", hook_sql_release},
    [STMT_HOOK_GET] = {"webhook_get", hook_sql_get},
    [STMT_HOOK_LIST] = {"webhook_list", hook_sql_list},
    [STMT_HOOK_KEYS] = {"webhook_keys", hook_sql_keys},
    [STMT_HOOK_PUT] = {"webhook_put", hook_sql_put},
    [STMT_HOOK_KEY_END] = {"webhook_key_end", hook_sql_key_end},
    [STMT_HOOK_KEY_PUT] = {"webhook_key_put", hook_sql_key_put},
    [STMT_HOOK_DELETE] = {"webhook_delete", hook_sql_delete},
    [STMT_HOOK_KEYS_DELETE] = {"webhook_keys_delete", hook_sql_keys_delete},
    [STMT_HOOK_DROP] = {"webhook_drop", hook_sql_drop},
    [STMT_HOOK_CHANGED] = {"webhook_changed", hook_sql_changed},
    [STMT_HOOK_REWIND] = {"webhook_rewind", hook_sql_rewind},
    [STMT_HOOK_LATE] = {"webhook_late", hook_sql_late},
    [STMT_HOOK_MOVE] = {"webhook_move", hook_sql_move},
    [STMT_HOOK_FAIL] = {"webhook_fail", hook_sql_fail},
    [STMT_HOOK_TAKE] = {"webhook_take", hook_sql_take},
    [STMT_HOOK_HELD] = {"webhook_held", hook_sql_held},
    [STMT_HOOK_WAKE] = {"webhook_wake", hook_sql_wake},
    [STMT_HOOK_FAN_OUT] = {"webhook_fan_out", hook_sql_fan_out},
    [STMT_DELIVERIES] = {"deliveries", hook_sql_deliveries},
    [STMT_DELIVERY_AGAIN] = {"delivery_again", hook_sql_again},
    [STMT_DELIVERY_AGAIN_DEAD] = {"delivery_again_dead", hook_sql_again_dead},
    [STMT_MAIL_FACTS] = {"mail_facts", mail_sql_facts},
    [STMT_MAIL_DIGEST] = {"mail_digest", mail_sql_digest},
};
const struct pg_stmt *const resolution_stmts = stmts;
const size_t resolution_n_stmts = RESOLUTION_STMTS;
