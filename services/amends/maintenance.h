/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amends migrate` and `amends check`: what an operator runs once, beside the servers.
 *
 * Threading: the main thread; both block. Exit codes: 0 done and well, 1 failed or something
 * found, 2 a mistake in the options. Ownership: the options are borrowed for the call.
 */

int maintenance_migrate(int argc, char **argv);
int maintenance_check(int argc, char **argv);
