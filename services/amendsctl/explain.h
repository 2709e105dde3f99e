/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `policy explain`: how deadlines come about, as tables. The exit code.
 *
 * Threading: one thread. Ownership: the line is borrowed for the call.
 */

struct ctl;

int explain_run(const struct ctl *c);
