/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amends erasures` and `amends restore`; see store/migrate/restore.h.
 *
 * Threading: the main thread; both block. Exit codes: 0 = done, 1 = failed, 2 = an option is wrong.
 * Ownership: the options are borrowed for the call.
 */

int erasures_main(int argc, char **argv);
int restore_main(int argc, char **argv);
