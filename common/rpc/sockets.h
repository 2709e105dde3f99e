/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the kernel says about this machine's TCP sockets. gRPC does not tell how many connections a
 * server has.
 *
 * Threading: any; it reads files, whose length grows with the sockets of the network namespace.
 * Ownership: none.
 */

#include <stdbool.h>

/* Whether a connection to the local port is open, accepted or not. True when that cannot be found
 * out. */
bool sockets_connected(int port);
