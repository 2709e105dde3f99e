/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The texts of the statements about webhooks and their deliveries.
 *
 * Threading: constants. Ownership: none.
 */

extern const char hook_sql_claim[], hook_sql_renew[], hook_sql_release[], hook_sql_get[],
    hook_sql_list[], hook_sql_keys[], hook_sql_put[], hook_sql_key_end[], hook_sql_key_put[],
    hook_sql_delete[], hook_sql_keys_delete[], hook_sql_drop[], hook_sql_move[], hook_sql_fail[],
    hook_sql_take[], hook_sql_held[], hook_sql_wake[], hook_sql_fan_out[], hook_sql_rewind[],
    hook_sql_late[], hook_sql_deliveries[], hook_sql_again[], hook_sql_again_dead[],
    hook_sql_changed[];
