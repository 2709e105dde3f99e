/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The texts of the statements that write checkpoints.
 *
 * Threading: constants. Ownership: constants.
 */

extern const char checkpoints_sql_due[], checkpoints_sql_feed[], checkpoints_sql_slice[],
    checkpoints_sql_sign[], checkpoints_sql_forget[];
