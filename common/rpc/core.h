/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The gRPC library itself.
 *
 * Threading: the main thread; calls nest. Ownership: none.
 */

/* Starts the library. Its own messages go to our log: errors only, unless GRPC_VERBOSITY says
 * otherwise. Its threads take no signals. */
void core_init(void);
/* Undoes one core_init(). */
void core_shutdown(void);
