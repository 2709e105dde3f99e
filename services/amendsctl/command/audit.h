/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `audit`: shows all pages of AuditCases. The exit code is 0 when nothing is found and 1 when
 * something is.
 *
 * Threading: one thread. Ownership: the line is borrowed for the call.
 */

struct ctl;

int audit_run(const struct ctl *c);
