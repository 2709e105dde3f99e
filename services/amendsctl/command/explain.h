/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `policy explain`: shows as tables how deadlines come about. Returns the exit code.
 *
 * Threading: one thread. Ownership: the line is borrowed for the call.
 */

struct ctl;

int explain_run(const struct ctl *c);
