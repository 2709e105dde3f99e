/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amends migrate`, `amends rewrap` and `amends check`, which an operator runs beside the servers.
 *
 * Threading: the main thread; all block. Exit codes: 0 = done and nothing is wrong, 1 = failed or
 * something was found, 2 = an option is wrong. Ownership: the options are borrowed for the call.
 */

int maintenance_migrate(int argc, char **argv);
int maintenance_rewrap(int argc, char **argv);
int maintenance_check(int argc, char **argv);
