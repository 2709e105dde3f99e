/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amends key generate`, which makes an API key without anything else, and `amends key create`,
 * which also stores it, for whoever has lost all of theirs. The key is shown on a terminal or goes
 * into a file of its owner alone (auth/key_file.h).
 *
 * Threading: the main thread; it blocks. Exit codes: 0 = done, 1 = failed, 2 = an option is wrong.
 * Ownership: the options are borrowed for the call.
 */

int key_main(int argc, char **argv);
