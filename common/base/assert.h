/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Invariants, checked in every build: a broken one means that our own state cannot be trusted any
 * more, and the process ends before it can write it anywhere.
 */

#define AM_ASSERT(cond) ((cond) ? (void)0 : assert_failed(#cond, __FILE__, __LINE__))

/* Logs the broken invariant and aborts. */
_Noreturn void assert_failed(const char *what, const char *file, int line);
