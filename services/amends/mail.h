/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amends mail`: sends one mail by the server that the services have, and shows the dialogue.
 *
 * Threading: the main thread; it blocks. Exit codes: 0 = the server took it, 1 = it did not, 2 = an
 * option is wrong. Ownership: the options are borrowed for the call.
 */

int mail_main(int argc, char **argv);
