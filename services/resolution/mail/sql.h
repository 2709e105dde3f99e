/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The texts of the statements about mail.
 *
 * Threading: constants. Ownership: none.
 */

extern const char mail_sql_facts[], mail_sql_digest[];
