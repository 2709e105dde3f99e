/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* `audit`: all pages of AuditCases. 0 when nothing is found, 1 when something is. Threading: one
 * thread. */

struct ctl;

int audit_run(const struct ctl *c);
