/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Invariants, checked in every build. A broken invariant means that our own state cannot be trusted
 * any more, so the process ends before it can write that state anywhere.
 *
 * Threading: any thread. Ownership: texts are constants.
 */

#define AM_ASSERT(cond) ((cond) ? (void)0 : assert_failed(#cond, __FILE__, __LINE__))

/* Logs the broken invariant and aborts. */
_Noreturn void assert_failed(const char *what, const char *file, int line);
